"""What every step of one diagnosis needs, and what a request's page turned out to be."""

from typing import Final

from msgspec import Struct

from raabta.diagnose.context import Context
from raabta.diagnose.weigh import Weigher
from raabta.model import Measurement
from raabta.reference.tables import Tables


class Bench(Struct, frozen=True, kw_only=True, gc=False):
    """What every step of one diagnosis needs: the measurement, the tables, the weigher, the context."""

    measurement: Measurement
    tables: Tables
    weigher: Weigher
    context: Context | None

    def word(self, layer: str, host: str) -> str:
        """Give the context's word on a host at a layer, ``none`` without context."""
        return "none" if self.context is None else self.context.word(self.measurement, layer=layer, host=host)


class Page(Struct, frozen=True, gc=False):
    """What a hop's response is, beside the control's page and the hop that follows."""

    page: str = "none"
    sign: str = "none"
    jump: str = "none"


NO_PAGE: Final = Page()
