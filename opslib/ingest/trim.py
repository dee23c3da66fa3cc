"""White space at the ends of cells, looked for before it is taken away."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


def trimmed(texts: pa.Array) -> pa.Array:
    r"""Take white space off both ends of large strings; no copy where there is none.

    Example:
        >>> trimmed(pa.array([" Rome\u3000", ""], pa.large_string())).to_pylist()
        ['Rome', '']
    """
    return pc.utf8_trim_whitespace(texts) if _may_have_space(texts) else texts


def never_blank(texts: pa.Array) -> bool:
    """Say whether every cell holds more than white space.

    Example:
        >>> never_blank(pa.array(["a", " "], pa.large_string()))
        False
    """
    return bool(len(texts)) and shortest(trimmed(texts)) > 0


def shortest(texts: pa.Array) -> int:
    """Give the length of the shortest cell in bytes; there must be one."""
    return int(pc.min(pc.binary_length(texts)).as_py())


def _may_have_space(texts: pa.Array) -> bool:
    """Look at the first and last bytes only; any beyond visible ASCII may be space."""
    _, offsets, data = texts.buffers()
    if data is None or texts.null_count:
        return bool(len(texts))
    cells = slice(texts.offset, texts.offset + len(texts) + 1)
    ends = np.frombuffer(offsets, np.int64)[cells]
    starts, ends = ends[:-1], ends[1:]
    filled = starts < ends
    if not filled.all():
        starts, ends = starts[filled], ends[filled]
    letters = np.frombuffer(data, np.uint8)
    return any(
        bool((letters[at] - np.uint8(33) > 93).any()) for at in (starts, ends - 1)
    )
