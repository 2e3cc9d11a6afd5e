"""What Azure AutoML can do through this provider, and why not where it cannot."""

from __future__ import annotations

from cloudautoml.capabilities import (
    EMULATED,
    NATIVE,
    Capabilities,
    Feature,
    Level,
    Support,
    not_implemented,
    unsupported,
)

_SEALED = Support(Level.EMULATED, "rows of a local table, sealed here; the best model predicts them after training")
_SCORED = Support(Level.NATIVE, "rows of a table, by a command job in the environment that the model was trained in")
_NO_IMAGES = "images are not sent from here yet, and their trials, which are runs below a sweep, are not read yet"
_NO_TEXT = "texts are not sent from here yet, and their trials, which are runs below a sweep, are not read yet"

_TABLE: dict[Feature, Support] = {
    Feature.TABULAR_CLASSIFICATION: NATIVE,
    Feature.TABULAR_REGRESSION: NATIVE,
    Feature.FORECASTING: not_implemented(
        "series are not sent from here yet, and their models predict in another way than tables'", "local"
    ),
    Feature.IMAGE_CLASSIFICATION: not_implemented(_NO_IMAGES, "local"),
    Feature.IMAGE_MULTI_LABEL: not_implemented(_NO_IMAGES, "local"),
    Feature.OBJECT_DETECTION: not_implemented(_NO_IMAGES, "local"),
    Feature.INSTANCE_SEGMENTATION: not_implemented(_NO_IMAGES),
    Feature.TEXT_CLASSIFICATION: not_implemented(_NO_TEXT, "local"),
    Feature.TEXT_MULTI_LABEL: not_implemented(_NO_TEXT, "local"),
    Feature.NAMED_ENTITY_RECOGNITION: not_implemented(_NO_TEXT, "local"),
    Feature.TEXT_GENERATION: unsupported("Azure AutoML tunes no language models", "sagemaker"),
    Feature.VIDEO_CLASSIFICATION: unsupported("Azure AutoML trains on no video"),
    Feature.VIDEO_OBJECT_TRACKING: unsupported("Azure AutoML trains on no video"),
    Feature.TRANSLATION: unsupported("Azure AutoML translates nothing"),
    Feature.MAX_TRIALS: NATIVE,
    Feature.MAX_TIME: NATIVE,
    Feature.MAX_TRIAL_TIME: NATIVE,
    Feature.MAX_PARALLEL: NATIVE,
    Feature.MAX_COST: Support(Level.EMULATED, "becomes the job's time limit, by the hourly rate in the settings"),
    Feature.SEARCH_SPACE: unsupported("Azure's search space for tables is its own", "search.families narrows it"),
    Feature.SEARCH_STRATEGY: unsupported(
        "Azure chooses the candidates of a table itself; its samplers are for images and texts", "local"
    ),
    Feature.PERFORMANCE_ESTIMATOR: unsupported("Azure judges a candidate in its own way", "local"),
    Feature.CONSTRAINTS: unsupported("Azure AutoML takes no limit on the size of a model", "local"),
    Feature.MULTI_OBJECTIVE: unsupported("Azure AutoML optimises one metric", "local"),
    Feature.FAMILIES: NATIVE,
    Feature.ENSEMBLE: Support(Level.NATIVE, "a vote and a stack, or neither"),
    Feature.SEED: unsupported("Azure AutoML takes no seed, so no two jobs are alike", "leave `seed` out"),
    Feature.HOLDOUT_FRACTION: _SEALED,
    Feature.HOLDOUT_COLUMN: _SEALED,
    Feature.HOLDOUT_TIME: _SEALED,
    Feature.HOLDOUT_GROUP: _SEALED,
    Feature.SAMPLE_WEIGHTS: NATIVE,
    Feature.CANCEL: NATIVE,
    Feature.RESUME: unsupported("a cancelled AutoML job cannot go on", "submit it again"),
    Feature.ATTACH: NATIVE,
    Feature.EVENTS: EMULATED,
    Feature.LOGS: Support(Level.EMULATED, "what the job and its child runs report; the studio has the machines' own"),
    Feature.LEADERBOARD: NATIVE,
    Feature.PREDICT: _SCORED,
    Feature.PREDICT_PROBA: _SCORED,
    Feature.BATCH_PREDICT: _SCORED,
    Feature.ENDPOINT: not_implemented("endpoints are not opened here yet", "predict: a command job needs none"),
    Feature.EXPORT_ONNX: not_implemented("models in ONNX are not fetched here yet", "model.save keeps MLflow's form"),
    Feature.FEATURE_IMPORTANCE: not_implemented("explanations are not asked for here yet"),
    Feature.REPORT: not_implemented("reports are written for local jobs so far", "job.leaderboard().to_pandas()"),
}

CAPABILITIES = Capabilities(_TABLE)
"""An answer for every feature."""
