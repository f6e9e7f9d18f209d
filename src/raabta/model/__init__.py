"""The nouns: frozen types and closed vocabularies that every stage shares. No I/O, no judgement.

- ``followup``: the steps worth taking once something odd was seen
- ``failure``: OONI failure strings (df-007) and the one table that classifies them
- ``mechanism``: the tree of mechanism ids, each with its words, state and locus
- ``observation``: what one step of a measurement saw
- ``measurement``: one plan, one target, one vantage point, one time
- ``verdict``: state, mechanisms, locus, posterior and the evidence behind them
- ``register``: who, with which end points, on what evidence, in which application
- ``exemption``: what a signed list says, and what a rule found wrong with it
- ``effect``: whether an exemption works
- ``vocabulary``: the closed sets of states, loci and layers
"""

from raabta.model.effect import EFFECTS, Effect, OpeningFact
from raabta.model.exemption import (
    EVIDENCE_LEVELS,
    ExemptionEntry,
    ExemptionList,
    Lease,
    LeaseGrant,
    LeaseList,
    LintFinding,
    LogLeaf,
    Recipient,
    Restriction,
    Review,
)
from raabta.model.failure import FailureClass, classify_failure
from raabta.model.followup import FOLLOW_UPS, FollowUp, FollowUpKind
from raabta.model.measurement import Control, ControlEndpoint, Measurement, Note, Rejection
from raabta.model.mechanism import MECHANISMS, Mechanism
from raabta.model.observation import (
    Contrast,
    DnsLookup,
    HttpExchange,
    LocalHealth,
    PageSigns,
    ServiceCheck,
    SpeedFact,
    TcpConnect,
    TlsHandshake,
    TransferFact,
)
from raabta.model.register import (
    CASE_STEPS,
    Case,
    CaseStep,
    Consent,
    Document,
    MemberEndpoint,
    Organisation,
    Person,
    Proof,
)
from raabta.model.verdict import Evidence, Verdict
from raabta.model.vocabulary import LAYERS, LOCI, STATES, STATES_OF_THE_WORLD

__all__ = [
    "CASE_STEPS",
    "EFFECTS",
    "EVIDENCE_LEVELS",
    "FOLLOW_UPS",
    "LAYERS",
    "LOCI",
    "MECHANISMS",
    "STATES",
    "STATES_OF_THE_WORLD",
    "Case",
    "CaseStep",
    "Consent",
    "Contrast",
    "Control",
    "ControlEndpoint",
    "DnsLookup",
    "Document",
    "Effect",
    "Evidence",
    "ExemptionEntry",
    "ExemptionList",
    "FailureClass",
    "FollowUp",
    "FollowUpKind",
    "HttpExchange",
    "Lease",
    "LeaseGrant",
    "LeaseList",
    "LintFinding",
    "LocalHealth",
    "LogLeaf",
    "Measurement",
    "Mechanism",
    "MemberEndpoint",
    "Note",
    "OpeningFact",
    "Organisation",
    "PageSigns",
    "Person",
    "Proof",
    "Recipient",
    "Rejection",
    "Restriction",
    "Review",
    "ServiceCheck",
    "SpeedFact",
    "TcpConnect",
    "TlsHandshake",
    "TransferFact",
    "Verdict",
    "classify_failure",
]
