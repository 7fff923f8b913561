"""Written by `python -m benchmarks.calibration`; it tells there on what. Not to be edited."""

# For each kind of field, the logistic regression's weight of each sign.
WEIGHTS: dict[str, dict[str, float]] = {
    "text": {"bias": 0.0, "least": 1.0},
    "prose": {"bias": 0.0, "least": 1.0},
    "choice": {"bias": 0.0, "least": 1.0},
    "seal": {"bias": 0.0, "least": 1.0},
    "signature": {"bias": 0.0, "least": 1.0},
}
# (share of silent errors, least probability of what is accepted), by share.
THRESHOLDS: list[tuple[float, float]] = [(0.0001, 0.999), (0.001, 0.975), (0.01, 0.9)]
