"""The service's metrics for Prometheus. Most are read from the database at each scrape, so that every process
of the service reports the same; only answered requests are counted by each process for itself."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import sqlalchemy as sa
from prometheus_client import CollectorRegistry, Counter, generate_latest
from prometheus_client.core import GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from service.proof import figures, holding
from service.store.database import Database
from service.store.proof_tables import proof_samples
from service.store.statuses import WORDS
from service.store.tables import deliveries, results, submissions, uploads, workers

STATES = ("received", "reading", "done")
SAMPLES = ("first", "second", "third", "right", "wrong", "unclear")
# A worker that has not reported for so long is not counted.
ALIVE = timedelta(seconds=60)
# Seconds. A Word file takes a twentieth of a second, a page of a scan two or three seconds, a thick scan a
# minute.
BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)


class Metrics:
    """The metrics of one process, in a registry of their own."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(_Kept(database, clock))
        self._requests = Counter(
            "sealform_http_requests",
            "Requests that this process answered",
            ("route", "method", "status"),
            registry=self._registry,
        )

    def count_request(self, route: str, method: str, status: int) -> None:
        """Counts a request that was answered. `route` is a template, so that there are only few of them."""
        self._requests.labels(route, method if method in _METHODS else "other", str(status)).inc()

    def text(self) -> bytes:
        """Returns all metrics in the format of Prometheus."""
        return generate_latest(self._registry)


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class _Kept(Collector):
    """The metrics that are read from the database."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database, self._clock = database, clock

    def describe(self) -> list[GaugeMetricFamily]:
        # An empty list keeps the registry from reading the database before the first scrape.
        return []

    def collect(self) -> Iterator[GaugeMetricFamily | HistogramMetricFamily]:
        with self._database.snapshot() as connection:
            yield _gauge(
                "sealform_uploads", "Uploads by state", "state", STATES, _counts(connection, uploads.c.state)
            )
            statuses = _counts(connection, submissions.c.status)
            yield _gauge("sealform_submissions", "Submissions by status", "status", tuple(WORDS), statuses)
            yield from self._waiting(connection)
            yield _durations(connection)
            yield from self._proof(connection)

    def _proof(self, connection: sa.Connection) -> Iterator[GaugeMetricFamily]:
        states = _counts(connection, proof_samples.c.state)
        yield _gauge("sealform_samples", "Blind samples by how they came out", "state", SAMPLES, states)
        interval = figures.whole(connection, self._clock())
        bounds = GaugeMetricFamily(
            "sealform_silent_errors",
            "Share of accepted values that were wrong, by blind samples, with its 95 % interval",
            labels=["bound"],
        )
        for bound in ("share", "lower", "upper"):
            bounds.add_metric([bound], getattr(interval, bound))
        yield bounds
        held = len(holding.rules(connection))
        yield GaugeMetricFamily(
            "sealform_tightenings", "Groups that are held back since samples were wrong", held
        )

    def _waiting(self, connection: sa.Connection) -> Iterator[GaugeMetricFamily]:
        now, waits = self._clock(), uploads.c.state == "received"
        count = connection.scalar(sa.select(sa.func.count()).select_from(uploads).where(waits))
        yield GaugeMetricFamily("sealform_queue_length", "Uploads that wait for a worker", count)
        oldest = connection.scalar(
            sa.select(sa.func.min(uploads.c.created_at, type_=uploads.c.created_at.type)).where(waits)
        )
        age = max(0.0, (now - oldest).total_seconds()) if oldest else 0.0
        yield GaugeMetricFamily(
            "sealform_queue_oldest_seconds", "For how long the first of them has waited", age
        )
        alive = connection.scalar(sa.select(sa.func.count()).where(workers.c.seen_at > now - ALIVE))
        yield GaugeMetricFamily("sealform_workers", "Workers that were heard of in the last minute", alive)
        due = connection.scalar(sa.select(sa.func.count()).where(deliveries.c.next_at.is_not(None)))
        yield GaugeMetricFamily(
            "sealform_deliveries_waiting", "Notices to other systems that were not delivered yet", due
        )


def _counts(connection: sa.Connection, column: sa.Column[str]) -> dict[str, int]:
    return {row[0]: row[1] for row in connection.execute(sa.select(column, sa.func.count()).group_by(column))}


def _gauge(
    name: str, help: str, label: str, values: tuple[str, ...], counts: dict[str, int]
) -> GaugeMetricFamily:
    gauge = GaugeMetricFamily(name, help, labels=[label])
    for value in values:
        gauge.add_metric([value], counts.get(value, 0))
    return gauge


def _durations(connection: sa.Connection) -> HistogramMetricFamily:
    seconds = results.c.seconds
    within = [sa.func.count().filter(seconds <= limit) for limit in BUCKETS]
    row = connection.execute(
        sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(seconds), 0.0), *within).where(
            seconds.is_not(None)
        )
    ).one()
    count, total, *held = row
    buckets = [(str(limit), number) for limit, number in zip(BUCKETS, held, strict=True)] + [("+Inf", count)]
    return HistogramMetricFamily(
        "sealform_reading_seconds", "What reading took, of all that is kept", buckets=buckets, sum_value=total
    )
