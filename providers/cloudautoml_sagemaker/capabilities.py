"""What Autopilot can do through this provider, and why not where it cannot."""

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

_SEALED = Support(Level.EMULATED, "what is given from here is sealed here; the best model predicts them after training")
_HALF_WAY = Support(
    Level.NATIVE,
    "submitted, followed and listed; predicted with SageMaker's own tools so far, with nothing sealed here",
)
_TRANSFORM = Support(Level.NATIVE, "rows, images and series, by a batch transform job")

_TABLE: dict[Feature, Support] = {
    Feature.TABULAR_CLASSIFICATION: NATIVE,
    Feature.TABULAR_REGRESSION: NATIVE,
    Feature.FORECASTING: NATIVE,
    Feature.IMAGE_CLASSIFICATION: NATIVE,
    Feature.IMAGE_MULTI_LABEL: unsupported("Autopilot gives an image one class", "azureml"),
    Feature.OBJECT_DETECTION: unsupported("Autopilot knows no boxes: its images have classes", "azureml"),
    Feature.INSTANCE_SEGMENTATION: unsupported("Autopilot knows no outlines: its images have classes", "azureml"),
    Feature.TEXT_CLASSIFICATION: NATIVE,
    Feature.TEXT_MULTI_LABEL: unsupported("Autopilot gives a text one class", "azureml"),
    Feature.NAMED_ENTITY_RECOGNITION: unsupported("Autopilot has no entities", "azureml"),
    Feature.TEXT_GENERATION: _HALF_WAY,
    Feature.VIDEO_CLASSIFICATION: unsupported("Autopilot trains on no video"),
    Feature.VIDEO_OBJECT_TRACKING: unsupported("Autopilot trains on no video"),
    Feature.TRANSLATION: unsupported("Autopilot translates nothing"),
    Feature.MAX_TRIALS: NATIVE,
    Feature.MAX_TIME: NATIVE,
    Feature.MAX_TRIAL_TIME: NATIVE,
    Feature.MAX_PARALLEL: unsupported("Autopilot decides by itself how many models are trained at once"),
    Feature.MAX_COST: Support(Level.EMULATED, "becomes the job's time limit, by the hourly rate in the settings"),
    Feature.SEARCH_SPACE: unsupported("Autopilot's search space is its own", "search.families narrows it"),
    Feature.SEARCH_STRATEGY: Support(Level.NATIVE, "auto, ensembling or hyperparameter_tuning"),
    Feature.PERFORMANCE_ESTIMATOR: unsupported("Autopilot judges a candidate in its own way", "local"),
    Feature.CONSTRAINTS: unsupported("Autopilot takes no limit on the size of a model", "local"),
    Feature.MULTI_OBJECTIVE: unsupported("Autopilot optimises one metric", "local"),
    Feature.FAMILIES: NATIVE,
    Feature.ENSEMBLE: unsupported(
        "whether Autopilot ensembles goes with its mode and cannot be chosen apart", "search.strategy: ensembling"
    ),
    Feature.SEED: unsupported("Autopilot takes no seed, so no two jobs are alike", "leave `seed` out"),
    Feature.HOLDOUT_FRACTION: _SEALED,
    Feature.HOLDOUT_COLUMN: _SEALED,
    Feature.HOLDOUT_TIME: _SEALED,
    Feature.HOLDOUT_GROUP: _SEALED,
    Feature.SAMPLE_WEIGHTS: NATIVE,
    Feature.CANCEL: NATIVE,
    Feature.RESUME: unsupported("a stopped Autopilot job cannot go on", "submit it again"),
    Feature.ATTACH: NATIVE,
    Feature.EVENTS: EMULATED,
    Feature.LOGS: Support(Level.EMULATED, "what the job and its candidates report; CloudWatch has the machines' own"),
    Feature.LEADERBOARD: NATIVE,
    Feature.PREDICT: _TRANSFORM,
    Feature.PREDICT_PROBA: _TRANSFORM,
    Feature.BATCH_PREDICT: _TRANSFORM,
    Feature.ENDPOINT: Support(
        Level.NATIVE, "for so many hours; with `min_instances` 0 paid for by the call, for models of one container"
    ),
    Feature.EXPORT_ONNX: unsupported("Autopilot's models are containers of its own", "model.save keeps their files"),
    Feature.FEATURE_IMPORTANCE: not_implemented(
        "Clarify's report is not read here yet", "job.artifacts() says where it is"
    ),
    Feature.REPORT: not_implemented("reports are written for local jobs so far", "job.leaderboard().to_pandas()"),
}

CAPABILITIES = Capabilities(_TABLE)
"""An answer for every feature."""
