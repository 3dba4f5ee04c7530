"""What a shop may order. Prices come from the shop in minor units; see shared.money."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from shared import money

Currency = Literal["EUR", "USD", "JPY"]


class Line(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    sku: Annotated[str, Field(pattern=r"^[A-Z0-9][A-Z0-9-]{2,31}$")]
    quantity: Annotated[int, Field(ge=1, le=1000)]
    unit_price: Annotated[int, Field(ge=0, le=100_000_000)]

    @property
    def total(self) -> int:
        return money.line_total(self.quantity, self.unit_price)


class Order(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    customer: Annotated[str, Field(min_length=1, max_length=200)]
    currency: Currency
    lines: Annotated[list[Line], Field(min_length=1, max_length=100)]

    @property
    def total(self) -> int:
        return sum(line.total for line in self.lines)
