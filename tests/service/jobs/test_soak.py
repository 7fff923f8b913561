"""Workers are killed in mid-read, one of them for good: each upload ends in exactly one result, and nothing is left."""

from tests.service.jobs.office import INBOX, WORD, Office


def test_twenty_uploads_survive_the_death_of_a_worker(office: Office) -> None:
    mark = office.folder / "mark"
    form = (WORD.name, WORD.read_bytes())
    word = [office.send_file(path) for path in sorted(INBOX.glob("*.docx")) if not path.name.startswith("T44")][:16]
    first = office.send_order(f"once {mark} nap", form)
    uploads = [first, *word, office.send_file(INBOX / "scan_clean.pdf"), office.send_file(INBOX / "T43_truncated.docx")]
    uploads += [office.send((f"{number}.docx", form[1])) for number in range(20 - len(uploads))]
    doomed = office.hire("doomed", jobs=2)
    office.wait_until(lambda: office.are_begun([first]) and not office.are_done([first]))
    doomed.kill()
    doomed.wait()
    other = office.hire("other", jobs=2)
    office.wait_until(lambda: office.are_done(uploads), 180)
    assert office.present() == {"other"}
    office.dismiss(other)
    office.assert_one_final_result_each(uploads)
    assert {office.error(upload) for upload in uploads} == {None, "damaged"}
    office.assert_nothing_is_left()
