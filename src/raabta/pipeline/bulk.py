"""Many documents to verdicts, in one process or several (``processes``), in the order of the input.

Batches of whole documents are read, diagnosed and given back as JSON Lines one after another, so memory
stays flat whatever the size of the input.
"""

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec
from msgspec import Struct

from raabta.diagnose import Context, Diagnosis
from raabta.model import Measurement, Rejection
from raabta.pipeline.defaults import Settings, load_diagnosis
from raabta.pipeline.sources import FileBatch, read_batches
from raabta.wire.ooni import cut_documents, read_measurement

_ENCODER: Final = msgspec.json.Encoder()


class Outcome(Struct, frozen=True, kw_only=True):
    """What became of one batch: verdicts as JSON Lines, how many, and the documents that could not be read.

    ``read_bytes`` counts the bytes of the input files read so far.
    """

    jsonl: bytes
    n_verdicts: int
    rejections: list[Rejection]
    read_bytes: int


def diagnose_bulk(paths: Sequence[str], settings: Settings, *, jobs: int = 1) -> Iterator[Outcome]:
    """Diagnose all documents of files and folders.

    Args:
        paths: Files, folders, or "-" for standard input.
        settings: Prior, date, and the files that make the context.
        jobs: Processes to use.

    Yields:
        One outcome a batch, in the order of the input.
    """
    context = gather_context(settings) if settings.context else None
    if jobs <= 1:
        diagnosis = load_diagnosis(settings, context=context)
        for batch in read_batches(paths):
            yield diagnose_batch(batch, diagnosis)
        return
    from raabta.pipeline.processes import diagnose_in_processes  # noqa: PLC0415  loads multiprocessing

    yield from diagnose_in_processes(paths, settings, context=context, jobs=jobs)


def gather_context(settings: Settings) -> Context:
    """Read the context's files once and count their voices. Documents that cannot be read have none."""
    context = Context()
    diagnosis = load_diagnosis(settings)
    for batch in read_batches(settings.context):
        if isinstance(batch, Rejection):
            continue
        for cut in cut_documents(batch.batch):
            measurement = read_measurement(cut.data, file=batch.file, line=cut.line)
            if not isinstance(measurement, Rejection):
                diagnosis.add_to_context(measurement, context)
    return context


def diagnose_batch(batch: FileBatch | Rejection, diagnosis: Diagnosis) -> Outcome:
    """Diagnose the documents of one batch: read all, weigh all, write all, which keeps the processor's caches warm."""
    if isinstance(batch, Rejection):
        return Outcome(jsonl=b"", n_verdicts=0, rejections=[batch], read_bytes=0)
    file = batch.file
    measurements: list[Measurement] = []
    rejections: list[Rejection] = []
    for cut in cut_documents(batch.batch):
        found = read_measurement(cut.data, file=file, line=cut.line)
        if isinstance(found, Rejection):
            rejections.append(found)
        else:
            measurements.append(found)
    verdicts = diagnosis.diagnose_all(measurements)
    return Outcome(
        jsonl=_ENCODER.encode_lines(verdicts),
        n_verdicts=len(verdicts),
        rejections=rejections,
        read_bytes=batch.read_bytes,
    )
