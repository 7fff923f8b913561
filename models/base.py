"""What every model here shares: it is frozen, and it refuses what it does not know."""

from pydantic import BaseModel, ConfigDict


class Model(BaseModel):
    """A frozen value; an unknown key is an error, never ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
