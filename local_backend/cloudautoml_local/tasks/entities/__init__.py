"""Named-entity recognition: taggers of sentences and their families."""

from cloudautoml_local.tasks.entities.model import EntityModel, load_entity_model
from cloudautoml_local.tasks.entities.task import EntityTask

__all__ = ["EntityModel", "EntityTask", "load_entity_model"]
