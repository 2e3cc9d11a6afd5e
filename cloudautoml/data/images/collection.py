"""Collections of images: pixels in memory or files anywhere, decoded only when they are asked for."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from cloudautoml.data.images.contents import each
from cloudautoml.data.images.decode import picture, quiet_about_size
from cloudautoml.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    import numpy.typing as npt
    from PIL.Image import Image

    from cloudautoml.data.images.contents import Contents

    Pixels = npt.NDArray[np.uint8]
    Positions = Sequence[int] | npt.NDArray[np.int64]


class Images(ABC):
    """Images in order."""

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def name(self, position: int) -> str:
        """What to call an image in a message."""

    @abstractmethod
    def picture(self, position: int, *, size: tuple[int, int] | None = None) -> Image:
        """One image: upright, mode `L` or `RGB`.

        Args:
            position: Its place, from zero.
            size: Height and width that it will be resized to, where that may save decoding all of it.

        Raises:
            DataError: It cannot be decoded; says which one it is.
        """

    @abstractmethod
    def take(self, positions: Positions) -> Images:
        """Some of the images, in this order."""

    def pixels(self, positions: Positions | None = None, *, size: tuple[int, int], channels: int) -> Pixels:
        """Images as one array.

        Args:
            positions: Which ones; all of them unless given.
            size: Height and width; other sizes are stretched, with smoothing where they shrink.
            channels: 1 for grey, 3 for colour.

        Returns:
            uint8, (images, height, width, channels).

        Raises:
            DataError: One of them cannot be decoded; says which.
        """
        import numpy as np

        chosen = range(len(self)) if positions is None else positions
        found = np.empty((len(chosen), *size, channels), dtype=np.uint8)

        def fill(place: int) -> None:
            shown = self.picture(int(chosen[place]), size=size)
            found[place] = resized(shown, size=size, channels=channels)

        with quiet_about_size():
            each(fill, range(len(chosen)))
        return found

    def batches(self, *, size: tuple[int, int], channels: int, count: int = 256) -> Iterator[Pixels]:
        """All images in order, so many at a time.

        Args:
            size: Height and width.
            channels: 1 for grey, 3 for colour.
            count: Images in one array; the last may have fewer.
        """
        for start in range(0, len(self), count):
            yield self.pixels(range(start, min(start + count, len(self))), size=size, channels=channels)


class ArrayImages(Images):
    """Images of one size that are pixels already.

    Args:
        array: uint8, (images, height, width, channels) with 1 or 3 channels. It may be mapped from a file.
        numbers: What to call each; its place unless given.
    """

    def __init__(self, array: Pixels, numbers: Sequence[int] | None = None) -> None:
        self.array = array
        self._numbers = range(len(array)) if numbers is None else numbers

    @override
    def __len__(self) -> int:
        return len(self.array)

    @override
    def name(self, position: int) -> str:
        return f"image {self._numbers[position]}"

    @override
    def picture(self, position: int, *, size: tuple[int, int] | None = None) -> Image:
        from PIL import Image

        pixels = self.array[position]
        return Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)

    @override
    def take(self, positions: Positions) -> ArrayImages:
        import numpy as np

        chosen = np.asarray(positions, dtype=np.int64)
        return ArrayImages(self.array[chosen], [int(self._numbers[int(place)]) for place in chosen])

    @override
    def pixels(self, positions: Positions | None = None, *, size: tuple[int, int], channels: int) -> Pixels:
        import numpy as np

        height, width, own = self.array.shape[1:]
        if (height, width) != size or (own, channels) == (3, 1):
            return super().pixels(positions, size=size, channels=channels)
        chosen = np.array(self.array if positions is None else self.array[np.asarray(positions, dtype=np.int64)])
        return chosen if own == channels else np.repeat(chosen, channels, axis=-1)


class EncodedImages(Images):
    """Images that are files, or parts of one.

    Args:
        contents: Reads the bytes of each.
        names: What to call each.
    """

    def __init__(self, contents: Contents, names: Sequence[str]) -> None:
        self.contents = contents
        self._names = tuple(names)

    @override
    def __len__(self) -> int:
        return len(self._names)

    @override
    def name(self, position: int) -> str:
        return self._names[position]

    @override
    def picture(self, position: int, *, size: tuple[int, int] | None = None) -> Image:
        try:
            return picture(self.contents.read(position), size=size)
        except DataError as exc:
            raise DataError(exc.message, where=self.name(position), hint=exc.hint) from exc

    @override
    def take(self, positions: Positions) -> EncodedImages:
        chosen = [int(place) for place in positions]
        return EncodedImages(self.contents.take(chosen), [self._names[place] for place in chosen])


def resized(shown: Image, *, size: tuple[int, int], channels: int) -> npt.NDArray[Any]:
    """A picture as an array of (height, width, channels)."""
    import numpy as np
    from PIL import Image

    mode = "L" if channels == 1 else "RGB"
    if shown.mode != mode:
        shown = shown.convert(mode)
    if (shown.height, shown.width) != size:
        shown = shown.resize((size[1], size[0]), Image.Resampling.BILINEAR)
    return np.asarray(shown).reshape(*size, channels)
