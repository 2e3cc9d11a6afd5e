"""What the local provider can do."""

from __future__ import annotations

from cloudautoml.capabilities import NATIVE, Capabilities, Feature, Support, not_implemented, unsupported

_GAPS: dict[Feature, Support] = {
    Feature.INSTANCE_SEGMENTATION: not_implemented(
        "the local backend finds boxes, and no outlines", "object_detection, or a LocalTask of your own"
    ),
    Feature.TEXT_GENERATION: unsupported("tuning a language model takes accelerators that a laptop lacks", "vertexai"),
    Feature.VIDEO_CLASSIFICATION: unsupported("training on video takes accelerators that a laptop lacks"),
    Feature.VIDEO_OBJECT_TRACKING: unsupported("training on video takes accelerators that a laptop lacks"),
    Feature.TRANSLATION: unsupported("training a translator takes accelerators that a laptop lacks"),
    Feature.ENDPOINT: not_implemented("models are not served yet", "load the model: job.model().predict(rows)"),
    Feature.EXPORT_ONNX: not_implemented("models are saved in their own formats so far", "job.model().save(folder)"),
}

CAPABILITIES = Capabilities({feature: _GAPS.get(feature, NATIVE) for feature in Feature})
"""An answer for every feature; running on one's own machine costs nothing, so any limit of money is honoured."""
