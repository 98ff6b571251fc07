"""The fields of registers and annexes, in their order, each with what of the record can fill it.

Field names are told in our own words. A field without a fact is one that no audit can know.
"""

from __future__ import annotations

from reports.exports import facts
from reports.exports.facts import Field, address, answers, card, either, of_family, together

ATRS = (
    Field("title.1", "Title", card("name")),
    Field("title.2", "Organisation name"),
    Field("title.3", "Phase"),
    Field("title.4", "Region"),
    Field("title.5", "Description in one sentence", card("purpose")),
    Field("1.1", "Name", card("name")),
    Field("1.2", "Description", card("purpose")),
    Field("1.3", "Website", answers("uk-atrs-1")),
    Field("1.4", "Contact e-mail", address("contact")),
    Field("2.1.1", "Organisation or department"),
    Field("2.1.2", "Team"),
    Field("2.1.3", "Senior responsible owner", answers("uk-atrs-2-1")),
    Field("2.1.4", "Third party involvement"),
    Field("2.1.4.1", "Third party"),
    Field("2.1.4.2", "Companies House number"),
    Field("2.1.4.3", "Third party role"),
    Field("2.1.4.4", "Procurement procedure"),
    Field("2.1.4.5", "Third party data access terms"),
    Field("2.2.1", "Detailed description", card("purpose")),
    Field("2.2.2", "Benefits", answers("uk-atrs-2-2")),
    Field("2.2.3", "Previous process"),
    Field("2.2.4", "Alternatives considered", answers("model-class-reason")),
    Field("2.3.1", "Integration into the process", answers("uk-atrs-2-3a")),
    Field(
        "2.3.2", "Human review", either(answers("uk-atrs-2-3b", "oversight-level"), of_family("oversight."))
    ),
    Field("2.3.3", "Frequency and scale of use"),
    Field("2.3.4", "Required training", answers("uk-atrs-2-3c")),
    Field("2.3.5", "Appeals and review", answers("uk-atrs-2-3d")),
    Field("2.4.1.1", "System architecture"),
    Field("2.4.1.2", "System-level input", facts.inputs),
    Field("2.4.1.3", "System-level output", facts.outputs),
    Field("2.4.1.4", "Maintenance", answers("uk-atrs-2-4-1")),
    Field("2.4.1.5", "Models", facts.model),
    Field("2.4.2.1", "Model name", card("name")),
    Field("2.4.2.2", "Model version", card("version")),
    Field("2.4.2.3", "Model task", facts.outputs),
    Field("2.4.2.4", "Model input", facts.inputs),
    Field("2.4.2.5", "Model output", facts.outputs),
    Field("2.4.2.6", "Model architecture", facts.model),
    Field("2.4.2.7", "Model performance", together(facts.performance, facts.by_group)),
    Field("2.4.2.8", "Datasets and their purposes", facts.data),
    Field(
        "2.4.3.1",
        "Development data: description",
        either(answers("uk-atrs-2-4-3a", "data-sources"), facts.data),
    ),
    Field("2.4.3.2", "Development data: modality", facts.fixed("tables")),
    Field("2.4.3.3", "Development data: quantities", facts.data),
    Field("2.4.3.4", "Development data: sensitive attributes", facts.sensitive),
    Field("2.4.3.5", "Development data: completeness", of_family("data.quality", "data.representation")),
    Field("2.4.3.6", "Development data: address"),
    Field("2.4.3.7", "Development data: collection", answers("uk-atrs-2-4-3b")),
    Field("2.4.3.8", "Development data: cleaning"),
    Field("2.4.3.9", "Development data: sharing agreements"),
    Field("2.4.3.10", "Development data: access and storage"),
    Field("2.4.4.1", "Operational data: sources"),
    Field("2.4.4.2", "Operational data: sensitive attributes"),
    Field("2.4.4.3", "Operational data: processing"),
    Field("2.4.4.4", "Operational data: access and storage"),
    Field("2.4.4.5", "Operational data: sharing agreements"),
    Field("2.5.1", "Impact assessments", answers("uk-atrs-2-5-1")),
    Field("2.5.2", "Risks and mitigations", together(answers("uk-atrs-2-5-2"), facts.risks)),
)
"""Algorithmic Transparency Recording Standard, v4.0 (GDS, May 2025); numbers from 2.2.2 on as far as v3.0
and the change log give them."""

NL_REGISTER = (
    Field("name", "Naam", card("name"), 100),
    Field("description_short", "Korte omschrijving", card("purpose"), 350),
    Field("organization", "Organisatie"),
    Field("category", "Thema"),
    Field("status", "Status"),
    Field("begin_date", "Begindatum"),
    Field("end_date", "Einddatum"),
    Field("contact_email", "Contactgegevens", address("contact")),
    Field("website", "Link publiekspagina", answers("nl-register-iama-reg-a")),
    Field("publication_category", "Publicatiecategorie"),
    Field("url", "Link naar bronregistratie"),
    Field("goal", "Doel en impact", either(answers("nl-register-iama-reg-b"), card("purpose")), 2500),
    Field("proportionality", "Afwegingen", answers("nl-register-iama-reg-c"), 2500),
    Field(
        "human_intervention",
        "Menselijke tussenkomst",
        either(answers("nl-register-iama-reg-d", "oversight-level"), of_family("oversight.")),
        2500,
    ),
    Field("risks", "Risicobeheer", either(answers("nl-register-iama-reg-e"), facts.risks), 2500),
    Field("lawful_basis", "Wettelijke basis", None, 2500),
    Field("lawful_basis_grouping", "Wettelijke basis, links"),
    Field("process_index_url", "Verwerkingsregister"),
    Field(
        "impacttoetsen",
        "Impacttoetsen",
        answers(*(f"nl-register-iama-iama-{part}" for part in ("1", "2a", "2b", "3", "4"))),
    ),
    Field("impacttoetsen_grouping", "Impacttoetsen, links"),
    Field(
        "source_data", "Gegevens", either(answers("nl-register-iama-reg-f", "data-sources"), facts.data), 2500
    ),
    Field("source_data_grouping", "Gegevens, links"),
    Field("methods_and_models", "Technische werking", together(facts.model, facts.outputs), 5000),
    Field("provider", "Leverancier", card("provider"), 200),
    Field("publiccode", "Link broncode"),
    Field("lang", "Taal"),
    Field("standard_version", "Versie van de standaard", facts.fixed("1.0.0")),
    Field("source_id", "Kenmerk in de bron", lambda view: facts.Told(view.digest, "record: digest"), 100),
    Field("tags", "Trefwoorden"),
)
"""Publication standard of the Dutch algorithm register, 1.0.0: keys of its API, Dutch names, limits."""

ANNEX_IV = (
    Field(
        "1(a)",
        "Intended purpose, provider, version",
        together(card("purpose"), card("provider"), card("version")),
    ),
    Field("1(b)", "Interaction with hardware, software, other AI"),
    Field("1(c)", "Versions of software and firmware", facts.model),
    Field("1(d)", "Forms in which it is supplied"),
    Field("1(e)", "Hardware that it runs on"),
    Field("1(f)", "Photographs and markings, where part of a product"),
    Field("1(g)", "Interface of the deployer"),
    Field("1(h)", "Instructions for use", answers("eu-ai-act-aia-13")),
    Field("2(a)", "Methods of development, third-party parts"),
    Field(
        "2(b)",
        "Design: logic, choices, groups intended, what is optimised",
        together(facts.outputs, answers("model-class-reason", "fairness-measure-chosen")),
    ),
    Field("2(c)", "Architecture and computing resources", facts.model),
    Field(
        "2(d)",
        "Data: provenance, scope, selection, labelling, cleaning",
        together(
            answers("data-sources", "eu-ai-act-aia-10-2", "eu-ai-act-aia-10-3"),
            facts.data,
            of_family("data.quality", "data.representation"),
        ),
    ),
    Field(
        "2(e)",
        "Human oversight, and aids to understand outputs",
        together(answers("eu-ai-act-aia-14", "oversight-level"), of_family("oversight.")),
    ),
    Field("2(f)", "Changes determined in advance"),
    Field(
        "2(g)",
        "Validation and testing: accuracy, robustness, discriminatory impacts",
        together(facts.performance, of_family("robustness."), facts.by_group),
    ),
    Field(
        "2(h)",
        "Cybersecurity",
        together(answers("eu-ai-act-aia-15-5"), of_family("security.", "privacy.membership_inference")),
    ),
    Field(
        "3",
        "Capabilities and limits, accuracy for groups, foreseeable unintended outcomes",
        together(facts.by_group, facts.risks),
    ),
    Field(
        "4", "Why the metrics fit", answers("eu-ai-act-aia-15-1", "fairness-measure-chosen", "worse-error")
    ),
    Field("5", "Risk management system", answers("eu-ai-act-aia-09-2")),
    Field("6", "Changes over the life cycle", answers("versions-kept")),
    Field("7", "Harmonised standards, or what was used instead"),
    Field("8", "EU declaration of conformity"),
    Field("9", "Monitoring after placing on the market", answers("eu-ai-act-aia-72")),
)
"""Annex IV of Regulation (EU) 2024/1689, told in our own words."""

ANNEX_VIII = (
    Field("A.1", "Provider: name, address, contact", together(card("provider"), card("contact"))),
    Field("A.2", "Who submits for the provider"),
    Field("A.3", "Authorised representative"),
    Field("A.4", "Trade name and reference", together(card("name"), card("version"))),
    Field("A.5", "Intended purpose, components, functions", card("purpose")),
    Field("A.6", "Data used as input, and operating logic in short", together(facts.inputs, facts.outputs)),
    Field("A.7", "Status: on the market, in service, withdrawn"),
    Field("A.8", "Certificate: kind, number, expiry, notified body"),
    Field("A.9", "Copy of the certificate"),
    Field("A.10", "Member States"),
    Field("A.11", "EU declaration of conformity"),
    Field("A.12", "Instructions for use", answers("eu-ai-act-aia-13")),
    Field("A.13", "Address for more"),
    Field("C.1", "Deployer: name, address, contact"),
    Field("C.2", "Who submits for the deployer"),
    Field("C.3", "Address of the provider's entry", answers("eu-ai-act-aia-49")),
    Field(
        "C.4", "Findings of the fundamental rights impact assessment, in short", answers("eu-ai-act-aia-27")
    ),
    Field("C.5", "Data protection impact assessment, in short"),
)
"""Annex VIII of Regulation (EU) 2024/1689, sections A and C, told in our own words."""

LL144 = (
    Field("tool", "Name of the tool", card("name")),
    Field("vendor", "Vendor", card("provider")),
    Field("kind", "Kind of tool: selection or scoring", facts.kind),
    Field("audit date", "Day of the bias audit"),
    Field("distribution date", "Day on which the tool is first used"),
    Field("auditor", "Independent auditor"),
    Field("data source", "Source and explanation of the data", together(answers("data-sources"), facts.data)),
    Field("data kind", "Historical data or test data, and why"),
    Field("period", "Period of the data"),
)
"""What the published summary of 6 RCNY 5-303 names beside its table."""
