"""One document at a time: the Python API, and what explaining needs (the measurement beside its verdict)."""

from collections.abc import Iterator, Sequence

from raabta.diagnose import Diagnosis
from raabta.model import Measurement, Rejection, Verdict
from raabta.pipeline.sources import read_batches
from raabta.wire.ooni import cut_documents, read_measurement


def diagnose_document(
    data: bytes, diagnosis: Diagnosis, *, file: str = "-", line: int = 1
) -> tuple[Measurement, Verdict] | Rejection:
    """Diagnose one OONI document.

    Args:
        data: The bytes of one JSON document.
        diagnosis: From ``load_diagnosis``.
        file: Name for the verdict's ``source``.
        line: Line for the verdict's ``source``.

    Returns:
        The measurement as it was read and its verdict, or why the document could not be read.
    """
    measurement = read_measurement(data, file=file, line=line)
    if isinstance(measurement, Rejection):
        return measurement
    return measurement, diagnosis.diagnose(measurement)


def diagnose_each(paths: Sequence[str], diagnosis: Diagnosis) -> Iterator[tuple[Measurement, Verdict] | Rejection]:
    """Diagnose every document of files and folders, one by one, in order.

    Args:
        paths: Files, folders, or "-" for standard input.
        diagnosis: From ``load_diagnosis``.

    Yields:
        As ``diagnose_document``; a file that cannot be opened or unpacked is a rejection.
    """
    for batch in read_batches(paths):
        if isinstance(batch, Rejection):
            yield batch
            continue
        for cut in cut_documents(batch.batch):
            yield diagnose_document(cut.data, diagnosis, file=batch.file, line=cut.line)
