"""A draw of blind samples now. The service itself draws once a day, and has done so when it started."""

from datetime import timedelta

import sqlalchemy as sa

from service.proof import drawing
from service.settings import Settings
from service.store.database import Database
from service.store.forms import FormStore
from service.store.proof_tables import proof_draws, proof_samples
from tests.service.pages.serving import Person, Service, now

# What was read a moment ago is left to the next draw.
_AHEAD = timedelta(minutes=3)


def draw_now(service: Service) -> int:
    """Draws of all that was read today, in the place of an earlier draw; how many samples were drawn."""
    database = Database(f"sqlite:///{service.folder / 'data/sealform.db'}")
    try:
        with database.write() as connection:
            connection.execute(sa.delete(proof_samples))
            connection.execute(sa.delete(proof_draws))
        return drawing.draw(database, FormStore(database), Settings(), now() + _AHEAD) or 0
    finally:
        database.close()


def agree(service: Service, person: Person, count: int) -> None:
    """Somebody keys the first samples as they were read."""
    database = Database(f"sqlite:///{service.folder / 'data/sealform.db'}")
    with database.read() as connection:
        rows = connection.execute(sa.select(proof_samples).order_by(proof_samples.c.id).limit(count)).all()
    database.close()
    for row in rows:
        path, said = f"/proof/samples/{row.id}/answer", {"value": row.value, "seconds": 4}
        person.ask("POST", path, json=said)
