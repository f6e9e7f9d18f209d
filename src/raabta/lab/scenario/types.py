"""The shapes of a scenario file (TOML). docs/guides/scenarios.md describes every field for people who write one.

A scenario names networks (a vantage point behind its operator), targets (services on servers abroad), interference and
conditions (what is wrong without anybody interfering), and the truth per network and target. A *cell* is one network
and one target; a cell without a truth row is well.
"""

from typing import Literal

from msgspec import Struct

LineProfile = Literal["clean", "fibre", "mobile", "median_pk", "lossy", "slow", "far", "satellite"]
Where = Literal["access", "transit"]
ResolverKind = Literal["operator", "public", "broken", "silent", "none"]


class Line(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A line towards the world. One-way figures apply in each direction.

    ``delay_ms`` is one-way; ``rate_mbit`` 0 means unlimited; ``loss`` is a share of packets in each direction.
    """

    delay_ms: float = 5.0
    jitter_ms: float = 0.0
    rate_mbit: float = 0.0
    loss: float = 0.0


class Network(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One vantage point and its operator. Each operator has its own AS number and resolver."""

    name: str
    line: LineProfile | Line = "fibre"
    ipv6: bool | Literal["broken"] = False
    resolver: ResolverKind = "operator"
    clock_off_s: float = 0.0
    country: str = "PK"


class Target(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One service. ``host`` defaults to ``<name>.example``; ``url`` to ``https://<host>/``.

    ``address_group`` puts targets with the same word on the same addresses (shared hosting, a CDN).
    ``ipv6``, ``quic`` and ``h2`` say what the server offers. ``line`` delays its server further.
    """

    name: str
    host: str = ""
    url: str = ""
    server: Literal["python", "nginx", "caddy", "unbound"] = "python"
    n_addresses: int = 1
    address_group: str = ""
    ipv6: bool = False
    quic: bool = False
    h2: bool = True
    tls: Literal["1.2", "1.3", "both"] = "both"
    page_bytes: int = 6_000
    title: str = ""
    line: Line | None = None


class Interference(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One rule: an action on what a trigger selects, with a probability, at a place. Empty lists mean all."""

    action: str
    trigger: str
    networks: list[str] = []
    targets: list[str] = []
    where: Where = "access"
    probability: float = 1.0
    engine: Literal["middlebox", "kernel"] = "middlebox"
    answer: str = ""
    rate_kbit: float = 0.0
    after_bytes: int = 0
    delay_ms: float = 0.0
    loss: float = 0.0
    residual_s: float = 0.0
    icmp: str = ""
    words: list[str] = []
    ports: list[int] = []
    direction: Literal["both", "to_client", "to_server"] = "both"


class Condition(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something wrong, or merely odd, that nobody does on purpose. Empty lists mean all."""

    kind: str
    networks: list[str] = []
    targets: list[str] = []
    status: int = 0
    seconds: float = 0.0
    share: float = 1.0
    title: str = ""


class Truth(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is true of cells: one row a mechanism that holds. Several rows of a cell hold at once.

    ``one_of`` lists the mechanisms that cannot be told apart from there; their common ancestor counts too. An empty
    ``one_of`` says that no mechanism holds (state ``ok``). A row with state ``ok`` that lists mechanisms is optional:
    the cell is well, or may be said to have one of them (a lossy line that works). ``locus`` "" takes any.
    """

    networks: list[str] = []
    targets: list[str] = []
    state: Literal["ok", "degraded", "throttled", "blocked", "down", "insufficient"] = "ok"
    one_of: list[str] = []
    locus: str = ""
    or_insufficient: bool = False


class Scenario(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One scenario.

    ``family`` groups variants: families, not variants, are split into fitting, calibration and scoring.
    """

    title: str
    family: str
    network: list[Network]
    target: list[Target]
    truth: list[Truth] = []
    interference: list[Interference] = []
    condition: list[Condition] = []
    twin: str = ""
    repeat: int = 1
    seed: int = 1
    control: bool = True
    tier: Literal[0, 1, 2] = 0
