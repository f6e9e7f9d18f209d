"""What a diagnosis remembers does not grow with what documents hold."""

import tracemalloc

from raabta.pipeline import diagnose_document
from tests.cases.judging import diagnosis


def test_names_of_nettests_that_nobody_knows_are_not_kept() -> None:
    prepared = diagnosis()
    diagnose_document(b'{"test_name":"warm up"}', prepared)
    tracemalloc.start()
    for index in range(200):
        diagnose_document(b'{"test_name":"%d%s"}' % (index, b"x" * 10_000), prepared)
    kept_bytes = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert kept_bytes < 200_000
