"""A cell: one layer of one target, its facts weighed, and the place in the document of each fact."""

from msgspec import Struct

from raabta.diagnose.weigh import Weighed


class Cell(Struct, frozen=True, gc=False):
    """``place`` names the host or service; ``witness`` is parallel to the layer's facts, "" for an absent one."""

    place: str
    weighed: Weighed
    witness: tuple[str, ...]
