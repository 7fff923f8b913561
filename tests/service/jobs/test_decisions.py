"""When a reading is tried again, who is dead, and whose work is taken over."""

from hypothesis import given
from hypothesis import strategies as st

from service.jobs.decisions import Watch, pause_before_another, takeover

PAUSES = (5.0, 60.0)
FINE = {"error": None}
names = st.sampled_from(["a", "b", "c", "d"])
jobs = st.sampled_from([f"upload-{number}-0" for number in range(6)])


def _failed(code: str) -> dict[str, dict[str, str]]:
    return {"error": {"code": code}}


def test_what_may_pass_is_tried_again_after_ever_longer_and_then_no_more() -> None:
    lines = [_failed("timed-out")]
    assert [pause_before_another(lines, tries, PAUSES) for tries in (1, 2, 3, 4)] == [5.0, 60.0, None, None]


@given(
    st.lists(st.sampled_from(["encrypted", "damaged", "not-a-form", "too-large", None]), min_size=1),
    st.integers(1, 5),
)
def test_what_lies_in_the_file_is_final(codes: list[str | None], tries: int) -> None:
    assert pause_before_another([_failed(code) if code else FINE for code in codes], tries, PAUSES) is None


@given(st.lists(st.sampled_from(["reader-crashed", "timed-out", "encrypted"])), st.integers(1, 5))
def test_what_was_read_is_never_read_again(codes: list[str], tries: int) -> None:
    assert pause_before_another([FINE, *map(_failed, codes)], tries, PAUSES) is None


@given(
    st.lists(st.dictionaries(names, st.integers(0, 3)), max_size=30),
    st.lists(st.floats(0, 9), min_size=30, max_size=30),
)
def test_only_who_showed_the_same_sign_for_so_long_is_silent(
    looks: list[dict[str, int]], steps: list[float]
) -> None:
    watch, now, since = Watch(15.0), 0.0, dict[str, tuple[int, float]]()
    for signs, step in zip(looks, steps, strict=False):
        now += step
        since = {
            name: since[name] if since.get(name, (None, 0))[0] == sign else (sign, now)
            for name, sign in signs.items()
        }
        assert watch.silent(signs, now) == {name for name, (_, at) in since.items() if now - at >= 15.0}


def test_clocks_of_others_are_not_believed() -> None:
    watch = Watch(15.0)
    assert watch.silent({"a": "1999", "b": "2999"}, 0.0) == set()
    assert watch.silent({"a": "1999", "b": "3000"}, 20.0) == {"a"}


@given(st.dictionaries(jobs, names), st.sets(names), names, st.sets(jobs), st.sets(jobs))
def test_a_job_that_a_living_worker_reads_is_never_taken_over(
    pending: dict[str, str], living: set[str], me: str, at_work: set[str], lost: set[str]
) -> None:
    plan = takeover(pending, living, me, at_work, lost)
    for job, worker in pending.items():
        if worker == me:
            assert (job in plan.now) == (job not in at_work and job in lost)
        else:
            assert (job in plan.now) == (worker not in living)
    assert all(pending[job] == worker for job, worker in plan.now.items())
    assert not plan.lost & plan.now.keys()


@given(st.dictionaries(jobs, names), st.sets(names), names)
def test_whatever_was_begun_and_is_read_by_nobody_is_taken_over_at_the_second_look(
    pending: dict[str, str], living: set[str], me: str
) -> None:
    first = takeover(pending, living, me, (), ())
    second = takeover(
        {job: who for job, who in pending.items() if job not in first.now}, living, me, (), first.lost
    )
    left = {job for job, who in pending.items() if job not in {*first.now, *second.now}}
    assert all(pending[job] in living - {me} for job in left)
