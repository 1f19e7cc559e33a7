"""What all parts of an entry have in common."""

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class CatalogueModel(BaseModel):
    """camelCase outside, and a field that nobody knows is refused: it would be a fact lost."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        use_attribute_docstrings=True,
        extra="forbid",
        frozen=True,
    )
