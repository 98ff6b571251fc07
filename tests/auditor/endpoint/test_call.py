"""One call: pinned, limited, recorded, and repeated only where that helps."""

from __future__ import annotations

import gzip
import json
import socket
import ssl
import time

import pandas as pd
import pytest
import trustme

from auditor.endpoint import Rules, admit
from auditor.endpoint.call import BudgetSpent, Caller
from auditor.problems import Refused
from checks.model import Inconclusive, ModelError
from tests.auditor.endpoint.servers import in_turn, json_endpoint, opened, reply, rules, said, serving

ROWS = pd.DataFrame({"income": [1.5, 2.0, 3.0], "sex": ["f", "m", "f"]})
GOOD = {"predictions": ["yes", "no", "yes"]}
NAMES = {"classes": ["no", "yes"]}


def ask(server, X=ROWS, sleeps=None, **changed):
    return opened(json_endpoint(server, **NAMES), rules(server, **changed), sleeps=sleeps).predict(X)


def test_a_plain_answer_is_read_and_the_question_carries_host_and_no_cookie(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("SSLKEYLOGFILE", "/nonexistent/keys")
    answer = reply(body=json.dumps(GOOD).encode(), Set_Cookie="a=b")
    with serving(answer) as server:
        model = opened(json_endpoint(server, **NAMES), rules(server))
        assert model.predict(ROWS).tolist() == [1.0, 0.0, 1.0]
        model.predict(ROWS)
    first, second = server.seen
    assert first.headers["host"] == f"127.0.0.1:{server.port}"
    assert first.headers["accept-encoding"] == "identity"
    assert "cookie" not in second.headers
    assert "authorization" not in first.headers
    assert server.connections == 1
    assert json.loads(first.body)["rows"][0] == {"income": 1.5, "sex": "f"}


def test_a_redirect_is_not_followed():
    with serving(said(GOOD)) as inside:
        away = reply("307 Temporary Redirect", Location=f"{inside.entry}/score")
        with serving(away) as server, pytest.raises(ModelError, match=r"redirects \(status 307\)"):
            ask(server)
        assert not inside.seen
    assert len(server.seen) == 1


def _drip(head: bytes):
    def answer(_, sock):
        sock.sendall(head)
        while True:
            sock.sendall(b"a")
            time.sleep(0.05)

    return answer


@pytest.mark.parametrize(
    "head",
    [b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b"HTTP/1.1 200 OK\r\nX: ", b""],
    ids=["body", "header", "status"],
)
def test_an_answer_that_comes_byte_by_byte_is_cut_off(head):
    began = time.monotonic()
    with serving(_drip(head)) as server, pytest.raises(ModelError, match=r"within 0\.3 seconds"):
        ask(server, call_seconds=0.3, retries=0)
    assert time.monotonic() - began < 2


def test_silence_is_cut_off():
    with (
        serving(lambda *_: time.sleep(1)) as server,
        pytest.raises(ModelError, match=r"did not answer within 0\.3 seconds; it was asked once"),
    ):
        ask(server, call_seconds=0.3, retries=0)


def _endless(_, sock):
    sock.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        sock.sendall(b"10000\r\n" + b" " * 65536 + b"\r\n")


def test_an_endless_body_is_not_read_past_the_limit():
    with serving(_endless) as server:
        model = opened(json_endpoint(server, **NAMES), rules(server, answer_bytes=200_000))
        with pytest.raises(ModelError, match="longer than 200,000 bytes"):
            model.predict(ROWS)
        assert model._caller.record.calls[0].bytes_in < 400_000


def test_a_body_that_says_it_is_too_long_is_not_read_at_all():
    answer = lambda _, sock: sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n")  # noqa: E731
    with serving(answer) as server, pytest.raises(ModelError, match="not read to its end"):
        ask(server)


def test_endless_headers_are_refused():
    def answer(_, sock):
        sock.sendall(b"HTTP/1.1 200 OK\r\n")
        while True:
            sock.sendall(b"X-A: " + b"a" * 60_000 + b"\r\n")

    with serving(answer) as server, pytest.raises(ModelError, match="connection to the endpoint failed"):
        ask(server, retries=0)


def test_a_compressed_bomb_is_never_unpacked():
    bomb = gzip.compress(b" " * 50_000_000)
    squeezed = reply(body=bomb, Content_Encoding="gzip")
    with serving(squeezed) as server, pytest.raises(ModelError, match="compressed its answer"):
        ask(server)
    with serving(reply(body=bomb)) as server, pytest.raises(ModelError, match="not JSON"):
        ask(server)


def test_a_body_shorter_than_it_says_is_no_answer():
    def answer(_, sock):
        sock.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"predictions"')
        sock.shutdown(socket.SHUT_RDWR)

    with serving(answer) as server, pytest.raises(ModelError, match="connection to the endpoint failed"):
        ask(server, retries=0)


def test_what_is_not_http_is_no_answer():
    with (
        serving(lambda _, sock: sock.sendall(b"220 smtp ready\r\n\r\n")) as server,
        pytest.raises(ModelError, match="connection to the endpoint failed"),
    ):
        ask(server, retries=0)


@pytest.mark.parametrize("status", ["429 Busy", "502 Bad", "503 Away", "504 Late"])
def test_a_busy_endpoint_is_asked_again_with_growing_waits(status):
    sleeps: list[float] = []
    with serving(in_turn(reply(status), reply(status), said(GOOD))) as server:
        assert ask(server, sleeps=sleeps, per_second=1e9).tolist() == [1, 0, 1]
    waits = [one for one in sleeps if one > 0.1]
    assert len(server.seen) == 3
    assert 0.25 <= waits[0] <= 0.5 <= waits[1] <= 1.0


def test_the_same_seed_waits_alike():
    runs: list[list[float]] = []
    for _ in range(2):
        sleeps: list[float] = []
        with serving(in_turn(reply("503 Away"), said(GOOD))) as server:
            ask(server, sleeps=sleeps, per_second=1e9)
        runs.append([one for one in sleeps if one > 0.1])
    assert runs[0] == runs[1]


def test_an_endpoint_that_stays_busy_ends_in_a_sentence():
    with (
        serving(reply("503 Away")) as server,
        pytest.raises(ModelError, match="status 503; it was asked 3 times"),
    ):
        ask(server)
    assert len(server.seen) == 3


def test_a_wait_that_the_endpoint_asks_for_is_kept_within_reason():
    sleeps: list[float] = []
    with serving(in_turn(reply("429 Busy", Retry_After="7"), said(GOOD))) as server:
        ask(server, sleeps=sleeps)
    assert max(sleeps) == 7.0
    with (
        serving(reply("429 Busy", Retry_After="86400")) as server,
        pytest.raises(ModelError, match="86,400 seconds"),
    ):
        ask(server)
    past = reply("503 Away", Retry_After="Wed, 21 Oct 2015 07:28:00 GMT")
    with serving(in_turn(past, said(GOOD))) as server:
        assert len(ask(server)) == 3


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        ("401 No", "sets a token"),
        ("403 No", "sets a token"),
        ("404 Gone", "status 404"),
        ("500 Oh", "status 500"),
    ],
)
def test_other_statuses_are_sentences_and_are_not_repeated(status, sentence):
    with (
        serving(reply(status, b"<html>secret stack trace")) as server,
        pytest.raises(ModelError, match=sentence) as why,
    ):
        ask(server)
    assert len(server.seen) == 1
    assert "secret" not in str(why.value)


def test_nobody_listening_is_a_sentence():
    with serving(said(GOOD)) as server:
        pass
    with pytest.raises(ModelError, match=r"ConnectionRefused|NewConnection"):
        ask(server, retries=0)


def test_calls_that_cannot_be_afforded_are_not_begun():
    many = pd.concat([ROWS] * 10)
    with serving(said(GOOD)) as server:
        with pytest.raises(BudgetSpent, match="AUDITOR_ENDPOINT_CALLS") as spent:
            ask(server, many, calls=5, rows=3)
        with pytest.raises(BudgetSpent, match="AUDITOR_ENDPOINT_SECONDS"):
            ask(server, many, seconds=2, rows=3, per_second=1.0)
    assert isinstance(spent.value, Inconclusive)
    assert not server.seen


def test_calls_are_spread_over_time():
    sleeps: list[float] = []
    with serving(said({"predictions": ["yes"]})) as server:
        ask(server, sleeps=sleeps, rows=1, per_second=2.0)
    assert len(server.seen) == 3
    assert len(sleeps) == 2
    assert all(0.3 < one <= 0.5 for one in sleeps[:1])


def test_every_call_is_recorded_with_digests_and_no_bodies():
    with serving(in_turn(reply("503 Away"), said(GOOD))) as server:
        model = opened(json_endpoint(server, **NAMES), rules(server))
        model.predict(ROWS)
    record = model._caller.record
    lines = [json.loads(line) for line in record.lines().splitlines()]
    assert [line["status"] for line in lines] == [503, 200]
    assert [line["attempt"] for line in lines] == [1, 2]
    assert lines[0]["request"] == lines[1]["request"]
    assert b"income" not in record.lines()
    assert b"yes" not in record.lines()
    summary = record.summary()
    assert (summary["calls"], summary["retries"], summary["address"]) == (2, 1, "127.0.0.1")
    assert summary["bytes_received"] == len(json.dumps(GOOD))


# Tokens


def test_a_token_comes_from_the_operators_file_and_goes_to_its_host_alone(tmp_path):
    with serving(said(GOOD)) as server, serving(said(GOOD)) as other:
        file = tmp_path / "tokens"
        file.write_text(f"# ours\n{server.entry} s3cret-token\n")
        file.chmod(0o600)
        hosts = (server.entry, other.entry)
        ask(server, hosts=hosts, tokens_file=str(file))
        ask(other, hosts=hosts, tokens_file=str(file))
    assert server.seen[0].headers["authorization"] == "Bearer s3cret-token"
    assert "authorization" not in other.seen[0].headers


@pytest.mark.parametrize(("mode", "text"), [(0o644, "a b\n"), (0o600, "a\n"), (0o600, "a b\x07\n")])
def test_a_token_file_that_others_can_read_or_that_makes_no_sense_is_refused(tmp_path, mode, text):
    file = tmp_path / "tokens"
    file.write_text(text)
    file.chmod(mode)
    with pytest.raises(Refused, match="TOKENS_FILE"):
        Rules(tokens_file=str(file)).token("a")


# TLS


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture
def ca_file(authority, tmp_path):
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return str(path)


def _context(authority, name, most=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    if most is not None:
        context.maximum_version = most
    return context


def _secure(server, ca_file, name="models.test"):
    allowed = rules(server, hosts=(f"{name}:{server.port}=127.0.0.1",), ca_file=ca_file, retries=0)
    asked = json_endpoint(server, **NAMES).model_copy(update={"url": f"https://{name}:{server.port}/score"})
    return opened(asked, allowed)


def test_a_certificate_of_the_operators_authority_is_verified_for_the_name(authority, ca_file):
    with serving(said(GOOD), _context(authority, "models.test")) as server:
        model = _secure(server, ca_file)
        assert len(model.predict(ROWS)) == 3
    summary = model._caller.record.summary()
    assert summary["tls"] == "TLSv1.3"
    assert len(summary["certificate"]) == 64
    assert server.seen[0].headers["host"] == f"models.test:{server.port}"


def test_a_certificate_for_another_name_is_not_accepted(authority, ca_file):
    with (
        serving(said(GOOD), _context(authority, "other.test")) as server,
        pytest.raises(ModelError, match="certificate is not accepted"),
    ):
        _secure(server, ca_file).predict(ROWS)
    assert not server.seen


def test_a_certificate_of_an_unknown_authority_is_not_accepted(ca_file):
    with (
        serving(said(GOOD), _context(trustme.CA(), "models.test")) as server,
        pytest.raises(ModelError, match="certificate is not accepted"),
    ):
        _secure(server, ca_file).predict(ROWS)
    assert not server.seen


def test_a_server_without_tls_is_not_spoken_to(ca_file):
    with serving(said(GOOD)) as server, pytest.raises(ModelError, match=r"TLS|connection"):
        _secure(server, ca_file).predict(ROWS)
    assert not server.seen


def test_an_old_protocol_is_not_spoken(authority, ca_file):
    context = _context(authority, "models.test", ssl.TLSVersion.TLSv1_2)
    with serving(said(GOOD), context) as server:
        model = _secure(server, ca_file)
        model.predict(ROWS)
    assert model._caller.record.tls == "TLSv1.2"


def test_a_missing_authority_file_is_a_sentence(authority, tmp_path):
    with (
        serving(said(GOOD), _context(authority, "models.test")) as server,
        pytest.raises(ModelError, match="AUDITOR_ENDPOINT_CA_FILE"),
    ):
        _secure(server, str(tmp_path / "none.pem")).predict(ROWS)


def test_the_connection_goes_to_the_pinned_address_whatever_dns_says_later(monkeypatch):
    with serving(said(GOOD)) as server:
        target = admit(f"{server.entry}/score", (server.entry,))
        caller = Caller(target, "127.0.0.1", rules(server), seed=0)
        looked_up = []
        real = socket.getaddrinfo
        monkeypatch.setattr(
            socket, "getaddrinfo", lambda host, *a, **k: looked_up.append(host) or real(host, *a, **k)
        )
        caller.ask(b"{}")
        caller.close()
    assert set(looked_up) <= {"127.0.0.1"}
