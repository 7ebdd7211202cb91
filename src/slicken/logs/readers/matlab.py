"""MATLAB: variables and structs of a ``.mat`` file up to version 7.2."""

import io
from typing import Any

import numpy as np

from slicken.logs.left_out import LeftOut
from slicken.logs.readers.arrays import Contents

_DEEPEST = 16
_LONGEST_TEXT = 1_000


def find_matlab(content: bytes) -> Contents:
    """The variables of a ``.mat`` file, and the fields of its structs.

    Vectors of one length in the workspace, or in one struct, are one table; a matrix is columns.
    Tables, timetables and times are read by :mod:`~slicken.logs.readers.matobjects`; other
    objects, cell arrays and functions are left out; nothing in a file is evaluated.

    Raises:
        UnreadableError: If it holds more than any log.
    """
    import scipy.io

    file: Any = io.BytesIO(content)
    variables = scipy.io.loadmat(file, struct_as_record=True, squeeze_me=False)
    contents = Contents()
    for name, value in variables.items():
        if not name.startswith("__") or name == "__function_workspace__":
            _take("workspace", name, value, contents, 0)
    if "objects" in contents.left_out:  # pandas is needed for these alone
        from slicken.logs.readers.matobjects import take_objects

        take_objects(content, contents)
    return contents


def _take(place: str, name: str, value: Any, contents: Contents, depth: int) -> None:  # noqa: ANN401
    from scipy.io.matlab import MatlabFunction, MatlabObject, MatlabOpaque

    if name in ("__function_workspace__", "None") or isinstance(
        value, (MatlabFunction, MatlabObject, MatlabOpaque)
    ):
        contents.left_out["objects"] = LeftOut.MATLAB_OBJECTS
    elif not isinstance(value, np.ndarray):
        contents.left_out[name] = LeftOut.SPARSE
    elif value.dtype.names:
        inside = name if place == "workspace" else f"{place}.{name}"
        if value.size != 1 or depth >= _DEEPEST:
            contents.left_out[name] = LeftOut.STRUCTS
            return
        for field in value.dtype.names:
            _take(inside, field, value.reshape(-1)[0][field], contents, depth + 1)
    elif value.dtype.kind in "iufb":
        contents.add_matrix(place, name, value.shape, lambda: value)
    elif value.dtype.kind == "U":
        if value.size == 1:
            contents.texts[place, name] = str(value.reshape(-1)[0])[:_LONGEST_TEXT]
    else:
        complex_ = value.dtype.kind == "c"
        contents.left_out[name] = LeftOut.COMPLEX if complex_ else LeftOut.CELL_ARRAY
