"""Fetching: public logs, from the repository of those who published them."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import quote

from slicken.errors import FetchError

DATA_VARIABLE = "SLICKEN_DATA"
"""A folder named by this variable is used as it is; nothing is fetched over it."""


@dataclass(frozen=True)
class Dataset:
    """Public logs that slicken knows where to find; it does not hold them.

    Args:
        name: what ``slicken fetch`` calls them.
        folder: Folder of the logs under ``SLICKEN_DATA`` or the cache.
        base: address that file names are added to.
        source: repository, commit and licence, in words.
        files: file name to SHA-256.
        places: File name to what is added to ``base`` instead, where that is not the file name.
    """

    name: str
    folder: str
    base: str
    source: str
    files: Mapping[str, str]
    places: Mapping[str, str] = field(default_factory=dict)


TE67 = Dataset(
    name="te67",
    folder="te67_pps_ptfe",
    base=(
        "https://raw.githubusercontent.com/kyembot/pin-on-disk-data-analysis/"
        "15201cc1a04af20ec6e1dd1f7fa4ea07a016446b/pod_data/"
    ),
    source=(
        "12 pin-on-disc runs, PPS and PPS+PTFE, April 2019; github.com/kyembot/"
        "pin-on-disk-data-analysis at 15201cc1a04a; MIT licence, (c) 2019 Kim Lagrama"
    ),
    files={
        "PPS+15PTFE_60N_200RPM_30MINS_1.tsv": (
            "d6c5d3a404f1baea4b41187f611a609cb6036296946257471ca3d968be2eb189"
        ),
        "PPS+30PTFE_100N_200RPM_30MINS_1.tsv": (
            "1d71cdb2d7afae54f23490928accafa3c7c87b8728bccec61dbe686c1db1e24a"
        ),
        "PPS+30PTFE_100N_200RPM_30MINS_2.tsv": (
            "542acab9369a2f9e50c3ca4069626454e24e838b84e7433551db0e7c1d38bab5"
        ),
        "PPS+30PTFE_60N_200RPM_30MINS_1.tsv": (
            "c43ced8e6147a4f67f926af612cb3ce80b3f5d77b4c4718e93eabe54de4525a3"
        ),
        "PPS+30PTFE_60N_200RPM_30MINS_2.tsv": (
            "02e953900d4185f3369138f0670cc7be6579bc27edaae06adb5ca71b07debc8b"
        ),
        "PPS+45PTFE_100N_200RPM_30MINS_1.tsv": (
            "326b190df2c60a864193d51c08a41d04b54340882b7110913d531a4732ae8d15"
        ),
        "PPS+45PTFE_100N_200RPM_30MINS_2.tsv": (
            "726c742a666b1bd714f48c8375d17d016899c4afac0ec053276dfca5066c8908"
        ),
        "PPS+45PTFE_60N_200RPM_30MINS_1.tsv": (
            "8ec4f8d93aa43d3e429163d7de97f0741b6a8ab4bcb957e3c03757faf0fb6e72"
        ),
        "PPS+45PTFE_60N_200RPM_30MINS_2.tsv": (
            "46d40562450be37acd05d27cb49250c80ffe2a6f61223613440020219384dda8"
        ),
        "PPS_100N_1.tsv": ("7a3bfa954ef5a2c06a98e5fd2921625b688c936adafdf3631e3b09783004219a"),
        "PPS_60N_1.tsv": ("9d787fe48f73ad5775259e387848d9a56866c257f3eb9a51c0759267da4f0882"),
        "PPS_60N_2.tsv": ("89b4ecbc0564197898a96794af46cb83b5ef73a1d23a450e38d90457e9bdfed5"),
    },
)

KODIAK = Dataset(
    name="kodiak",
    folder="kodiak_p655",
    base=(
        "https://raw.githubusercontent.com/LeemanGeophysicalLLC/pylook/"
        "0510ef43e3a4f9f35e22f5a8b109663b4da2db7a/staticdata/"
    ),
    source=(
        "p655, natural rock from Kodiak, double-direct shear, May 2005, as raw counts; github.com/"
        "LeemanGeophysicalLLC/pylook at 0510ef43e3a4; BSD 3-Clause, (c) 2020 Leeman Geophysical LLC"
    ),
    files={"p655intact100l": "7268e3a01d57cce828bcb7e0ff82f9048ab3a70520c58516a1145b51f7032a1d"},
)

_SEPIOLITE, _BASALT = (
    "33d44bcd130f68a7b50c9f1ce11feff270c42368",
    "1015c78e9143eebb8db43d2612d616553a3819e9",
)
VELOCITY_STEPS = Dataset(
    name="velocity-steps",
    folder="velocity_steps",
    base="https://raw.githubusercontent.com/pgiacomel/steadystate/",
    source=(
        "velocity steps on sepiolite gouge (three pieces of one record) and on basalt; Giacomel, "
        "Faulkner, Lambert & Allen (2024), 10.1130/GES02739.1; github.com/pgiacomel/steadystate at "
        f"{_SEPIOLITE[:12]} and {_BASALT[:12]}; MIT licence, (c) 2024 Piercarlo Giacomel"
    ),
    files={
        "velstep1_TR2_exp013_sepiolite.txt": (
            "7c1037b7356a1916e5d3ecd22ed45acc0ffb70f812a6fb908d21648464a8ec29"
        ),
        "velstep2_TR2_exp013_sepiolite.txt": (
            "7702fa500fe97c8ef345866f376222e600682f5da70ed6e4d4f0d9f8fbb72f40"
        ),
        "velstep3_TR2_exp013_sepiolite.txt": (
            "e0d598a177dcb7f3dff040241f490541bec42940e016df541a19559a7b083dc5"
        ),
        "velstep4_BRAVA_expb819_basalt.txt": (
            "0ed7d29f21a37335d8191dcb365320d449bf7e52b6557690de34165fb889c959"
        ),
    },
    places={
        **{
            f"velstep{piece}_TR2_exp013_sepiolite.txt": (
                f"{_SEPIOLITE}/velstep{piece}_TR2_exp013_sepiolite.txt"
            )
            for piece in (1, 2, 3)
        },
        "velstep4_BRAVA_expb819_basalt.txt": (
            f"{_BASALT}/velstep4_BRAVA_expb819_basalt_Giacomel_et_al_2021.txt"
        ),
    },
)

DATASETS = {dataset.name: dataset for dataset in (TE67, KODIAK, VELOCITY_STEPS)}


def fetch(
    name: str,
    *,
    base: str | None = None,
    reporter: Callable[[str, int, int], None] | None = None,
) -> list[Path]:
    """Find public logs, fetching what is not there; each file is checked against its SHA-256.

    Args:
        name: Name of a dataset in :data:`DATASETS`.
        base: another address to fetch from, such as a mirror within a laboratory; the files bear
            their names there.
        reporter: Called before each file with its name, the number fetched, and the total.

    Returns:
        The files, in the folder named by ``SLICKEN_DATA`` if it holds them, else in the cache.

    Raises:
        FetchError: if the name is unknown, a file cannot be had, or is not what was published.
    """
    if name not in DATASETS:
        raise FetchError(f"no dataset is named {name!r}; there is {', '.join(DATASETS)}")
    dataset = DATASETS[name]
    given = given_folder()
    if given is not None and (given / dataset.folder).is_dir():
        return _as_it_is(dataset, given / dataset.folder)
    if base is not None:
        dataset = replace(dataset, base=base, places={})
    return _fetch_all(dataset, reporter)


def _as_it_is(dataset: Dataset, folder: Path) -> list[Path]:
    missing = [file for file in dataset.files if not (folder / file).is_file()]
    if missing:
        raise FetchError(
            f"{folder}: {len(missing)} of {len(dataset.files)} files of {dataset.name} are not "
            f"there ({missing[0]}{', ...' if len(missing) > 1 else ''}); {DATA_VARIABLE} names "
            "this folder, and nothing is fetched over it: complete it, or unset the variable"
        )
    return sorted(folder / file for file in dataset.files)


def given_folder() -> Path | None:
    """The folder that ``SLICKEN_DATA`` names, if it names one.

    Raises:
        FetchError: if there is no such folder.
    """
    named = os.environ.get(DATA_VARIABLE, "")
    if not named:
        return None
    folder = Path(named)
    if not folder.is_dir():
        raise FetchError(
            f"{named}: no such folder; {DATA_VARIABLE} names it: mend or unset the variable"
        )
    return folder


def cache_folder() -> Path:
    """Where fetched logs are kept."""
    import pooch

    return Path(pooch.os_cache("slicken"))


def _fetch_all(dataset: Dataset, reporter: Callable[[str, int, int], None] | None) -> list[Path]:
    import pooch
    import requests

    pooch.get_logger().setLevel("WARNING")
    base = dataset.base
    store = pooch.create(
        path=cache_folder() / dataset.folder,
        base_url=base.rstrip("/") + "/",
        registry={file: f"sha256:{checksum}" for file, checksum in dataset.files.items()},
        urls={
            file: base.rstrip("/") + "/" + quote(dataset.places.get(file, file))
            for file in dataset.files
        },
        retry_if_failed=1,
    )
    paths = []
    for number, file in enumerate(dataset.files):
        if reporter is not None:
            reporter(file, number, len(dataset.files))
        try:
            paths.append(Path(store.fetch(file)))
        except requests.RequestException as error:
            raise FetchError(
                f"{file}: cannot be fetched from {base} ({type(error).__name__}); check the "
                f"network, name a mirror with --base, or set {DATA_VARIABLE} to a folder that "
                f"holds {dataset.folder}"
            ) from None
        except ValueError as error:
            if "hash" not in str(error).lower():
                raise FetchError(
                    f"{base}: not an address to fetch from; give one that begins with https://"
                ) from None
            raise FetchError(
                f"{file}: what {base} sent is not what was published (its SHA-256 differs); "
                "nothing was kept: try again, or another address with --base"
            ) from None
        except OSError as error:
            raise FetchError(
                f"{store.path}: cannot be written ({error.strerror or error}); free some space, "
                f"or set {DATA_VARIABLE} to a folder that holds {dataset.folder}"
            ) from None
    return sorted(paths)
