"""Check digits and shapes of identity numbers, accounts and addresses.

Each rule takes the text of one value, already matched by its pattern, and says whether it can be real.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import re

_BARE = re.compile(r"[\s\-./()]")


def bare(text: str) -> str:
    """Return *text* in capitals, without spaces and separators."""
    return _BARE.sub("", text).upper()


def _weighted(digits: str, weights: tuple[int, ...]) -> int:
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True))


def _date(year: int, month: int, day: int) -> bool:
    try:
        dt.date(year, month, day)
    except ValueError:
        return False
    return True


def mainland_china(text: str) -> bool:
    """Resident identity number, GB 11643-1999: birth date and a check character of ISO 7064 mod 11-2."""
    number = bare(text)
    if not _date(int(number[6:10]), int(number[10:12]), int(number[12:14])):
        return False
    rest = _weighted(number[:17], (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)) % 11
    return number[17] == "10X98765432"[rest]


def hong_kong(text: str) -> bool:
    """Identity card: one or two letters (A is 10; a space before one letter 36), mod 11."""
    number = bare(text)
    letters = number[:-7]
    codes = [36] * (2 - len(letters)) + [ord(letter) - 55 for letter in letters]
    last = 10 if number[-1] == "A" else int(number[-1])
    values = [*codes, *map(int, number[-7:-1]), last]
    return sum(value * weight for value, weight in zip(values, range(9, 0, -1), strict=True)) % 11 == 0


def singapore(text: str) -> bool:
    """NRIC and FIN: seven weighted digits, an offset and a table of letters by series."""
    number = bare(text)
    offset, letters = {
        "S": (0, "JZIHGFEDCBA"),
        "T": (4, "JZIHGFEDCBA"),
        "F": (0, "XWUTRQPNMLK"),
        "G": (4, "XWUTRQPNMLK"),
        "M": (3, "XWUTRQPNJLK"),
    }[number[0]]
    return letters[(_weighted(number[1:8], (2, 7, 6, 5, 4, 3, 2)) + offset) % 11] == number[8]


def taiwan(text: str) -> bool:
    """National identification number and resident certificate: a letter of two digits, mod 10."""
    number = bare(text)
    order = "ABCDEFGHJKLMNPQRSTUVXYWZIO"
    first = order.index(number[0]) + 10
    second = int(number[1]) if number[1].isdigit() else order.index(number[1]) % 10
    digits = f"{first}{second}{number[2:]}"
    return _weighted(digits, (1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1)) % 10 == 0


def malaysia(text: str) -> bool:
    """MyKad: a birth date and a place of birth; there is no check digit."""
    number = bare(text)
    place = int(number[6:8])
    there = place not in {0, 17, 18, 19, 20, 69, 70, 73, 80, 81, 94, 95, 96, 97}
    return there and _short_date(number[0:2], number[2:4], number[4:6])


def _short_date(year: str, month: str, day: str) -> bool:
    return any(_date(century + int(year), int(month), int(day)) for century in (1900, 2000))


def thailand(text: str) -> bool:
    """Personal identification number: mod 11 over twelve digits."""
    number = bare(text)
    rest = _weighted(number[:12], tuple(range(13, 1, -1))) % 11
    return number[0] not in "09" and int(number[12]) == (11 - rest) % 10


def indonesia(text: str) -> bool:
    """NIK: a province, a birth date (40 added to the day of women) and a serial; there is no check digit."""
    number = bare(text)
    provinces = {*range(11, 20), 21, *range(31, 37), *range(51, 54), *range(61, 66), *range(71, 77)}
    provinces |= {81, 82, *range(91, 98)}
    day = int(number[6:8])
    real = _short_date(number[10:12], number[8:10], f"{day - 40 if day > 40 else day:02d}")
    return int(number[:2]) in provinces and real and number[12:] != "0000"


def united_states(text: str) -> bool:
    """Social security number: areas, groups and serials that were never given out are no numbers."""
    number = bare(text)
    return (
        number[:3] not in {"000", "666"} and number[0] != "9" and number[3:5] != "00" and number[5:] != "0000"
    )


def luhn(text: str) -> bool:
    """Mod 10 over the digits, every second one from the right doubled (ISO/IEC 7812-1)."""
    total = 0
    for at, digit in enumerate(reversed(bare(text))):
        number = int(digit) * (1 + at % 2)
        total += number - 9 if number > 9 else number
    return total % 10 == 0


def iban(text: str) -> bool:
    """International bank account number, ISO 13616: mod 97 of the whole, the first four moved to the end."""
    number = bare(text)
    moved = number[4:] + number[:4]
    return int("".join(str(int(char, 36)) for char in moved)) % 97 == 1


def internet_address(text: str) -> bool:
    """IPv4 or IPv6."""
    try:
        ipaddress.ip_address(text.strip())
    except ValueError:
        return False
    return True


def coordinates(text: str) -> bool:
    """Latitude and longitude with at least three decimals, within their ranges."""
    north, east = (float(part) for part in text.strip("() ").replace(";", ",").split(","))
    return abs(north) <= 90 and abs(east) <= 180


def day_of_birth(text: str) -> bool:
    """Tell whether a date is one on which somebody alive may have been born."""
    year, month, day = (int(part) for part in re.split(r"[-/.]", text.strip()[:10]))
    return 1900 <= year <= 2100 and _date(year, month, day)
