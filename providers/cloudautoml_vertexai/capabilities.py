"""What Vertex AI AutoML can do through this provider, and why not where it cannot."""

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

_SEALED = Support(Level.EMULATED, "rows of a table, sealed here; the model predicts them after training")
_BATCH = Support(Level.NATIVE, "rows of a table, by a batch prediction job")
_TEXT = unsupported(
    "Google shut AutoML Text down on 2025-06-15; what replaces it, supervised tuning of Gemini, is another contract "
    "(no probabilities, a price a token) and not built here yet",
    "local or azureml",
)
_VIDEO = unsupported("Google shut AutoML Video down on 2025-07-31", "tune Gemini on video with Google's own tools")

_TABLE: dict[Feature, Support] = {
    Feature.TABULAR_CLASSIFICATION: NATIVE,
    Feature.TABULAR_REGRESSION: NATIVE,
    Feature.FORECASTING: not_implemented("Vertex AI forecasts, and this provider does not ask it to yet", "local"),
    Feature.IMAGE_CLASSIFICATION: not_implemented("images are not sent from here yet", "local"),
    Feature.IMAGE_MULTI_LABEL: not_implemented("images are not sent from here yet", "local"),
    Feature.OBJECT_DETECTION: not_implemented("images are not sent from here yet", "local"),
    Feature.INSTANCE_SEGMENTATION: unsupported("Google's own client has no training job for it", "azureml"),
    Feature.TEXT_CLASSIFICATION: _TEXT,
    Feature.TEXT_MULTI_LABEL: _TEXT,
    Feature.NAMED_ENTITY_RECOGNITION: _TEXT,
    Feature.TEXT_GENERATION: not_implemented("supervised tuning of Gemini is not built here yet", "sagemaker"),
    Feature.VIDEO_CLASSIFICATION: _VIDEO,
    Feature.VIDEO_OBJECT_TRACKING: _VIDEO,
    Feature.TRANSLATION: unsupported(
        "Google shut the AutoML Translation API down on 2025-09-30", "custom models of Cloud Translation Advanced v3"
    ),
    Feature.MAX_TRIALS: unsupported("Vertex AI decides by itself how many models it trains", "budget.max_time"),
    Feature.MAX_TIME: Support(
        Level.EMULATED,
        "becomes the budget, a node hour an hour; Google counts training alone, so a job may take longer by the clock",
    ),
    Feature.MAX_TRIAL_TIME: unsupported("Vertex AI does not show single trials", "budget.max_time"),
    Feature.MAX_PARALLEL: unsupported("Vertex AI decides by itself how many models are trained at once"),
    Feature.MAX_COST: Support(Level.EMULATED, "becomes the budget in node hours, by the dated price of one"),
    Feature.SEARCH_SPACE: unsupported("Vertex AI's search space is its own", "local"),
    Feature.SEARCH_STRATEGY: unsupported("Vertex AI searches in its own way", "local"),
    Feature.PERFORMANCE_ESTIMATOR: unsupported("Vertex AI judges a candidate in its own way", "local"),
    Feature.CONSTRAINTS: unsupported("Vertex AI takes no limit on the size of a model", "local"),
    Feature.MULTI_OBJECTIVE: unsupported("Vertex AI optimises one metric", "local"),
    Feature.FAMILIES: unsupported("Vertex AI chooses the kinds of model by itself", "local or sagemaker"),
    Feature.ENSEMBLE: unsupported("Vertex AI ensembles as it sees fit and cannot be told", "leave it out"),
    Feature.SEED: unsupported("Vertex AI takes no seed, so no two jobs are alike", "leave `seed` out"),
    Feature.HOLDOUT_FRACTION: _SEALED,
    Feature.HOLDOUT_COLUMN: _SEALED,
    Feature.HOLDOUT_TIME: _SEALED,
    Feature.HOLDOUT_GROUP: _SEALED,
    Feature.SAMPLE_WEIGHTS: NATIVE,
    Feature.CANCEL: NATIVE,
    Feature.RESUME: unsupported("a cancelled training pipeline cannot go on", "submit it again"),
    Feature.ATTACH: NATIVE,
    Feature.EVENTS: EMULATED,
    Feature.LOGS: Support(Level.EMULATED, "what the pipeline reports; Cloud Logging has the trials, for 30 days"),
    Feature.LEADERBOARD: Support(Level.NATIVE, "one row: Google shows the model it chose and no other"),
    Feature.PREDICT: _BATCH,
    Feature.PREDICT_PROBA: _BATCH,
    Feature.BATCH_PREDICT: _BATCH,
    Feature.ENDPOINT: not_implemented("endpoints are not opened here yet", "predict: a batch job needs none"),
    Feature.EXPORT_ONNX: unsupported("Vertex AI exports a TensorFlow SavedModel", "model.save fetches it"),
    Feature.FEATURE_IMPORTANCE: Support(Level.NATIVE, "the mean attributions of the model's evaluation"),
    Feature.REPORT: not_implemented("reports are written for local jobs so far", "job.leaderboard().to_pandas()"),
}

CAPABILITIES = Capabilities(_TABLE)
"""An answer for every feature."""
