"""Parameters of the methane balance."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from geocryoai.core.errors import ModelError
from geocryoai.processes.checks import Array, finite


@dataclass(frozen=True)
class MethaneParameters:
    """Parameters of production, transport and oxidation; each may be an array over cells.

    Attributes
    ----------
    production_rate : float or array
        Share of labile carbon made into methane carbon per day at the reference temperature, all soil anaerobic and
        unfrozen [d-1]. Default 4.3e-4 = methane share 0.2 x anaerobic slow-down 0.2 (both CLM4Me) x metabolic decay
        0.020 d-1 x its temperature multiplier 0.534 at 10 degC (SMAP L4C, grass and sedge).
    production_q10, production_reference : float or array
        Temperature factor of production per 10 degC [1] and where it is 1 [degC]. Default 3.3 = 2.46 of decomposition
        (SMAP L4C) x 1.33 of methane above decomposition (CLM4Me).
    production_cap : float or array
        Largest share of anaerobic mineralisation that can become methane [1]; 0.5 by stoichiometry of fermentation.
    soil_depth : float or array
        Depth of the soil that takes part [m].
    porosity : float or array
        Its pore volume [m3 m-3].
    plant_rate : float or array
        Share of the store conducted by full-grown plants per day [d-1]; 0.24 (0.01 h-1, Walter and Heimann 2000).
    plant_start, plant_span : float or array
        Soil temperature at which plants begin to conduct and how much warmer they are full-grown [degC]; 2 and 10
        (Walter and Heimann 2000, cold sites).
    rhizosphere_oxidation : float or array
        Share oxidised at the roots on the way through plants [1]; 0.5 (Walter and Heimann 2000).
    water_diffusivity : float or array
        Diffusivity of methane in water [m2 s-1].
    tortuosity : float or array
        Factor of diffusion in soil [1]; 0.66.
    ebullition_threshold : float or array
        Concentration above which bubbles form [mmol m-3] (= uM); 500 (Walter and Heimann 2000).
    ebullition_rate : float or array
        Share of the excess lost per day [d-1]; 24 (1 h-1).
    ice_retention : float or array
        Share of the bubble threshold that ice holds compared with water [1]. Between 0 (freezing squeezes all gas out)
        and 1 (ice traps it); 0.5 is an assumption, the burst of autumn (Mastepanov 2008, doi:10.1038/nature07464)
        grows as it falls.
    oxidation_rate : float or array
        Largest rate of oxidation in the water of aerated soil [mmol m-3 d-1]; 1080 (45 uM h-1, CLM4Me).
    oxidation_half : float or array
        Concentration of half that rate [mmol m-3]; 5 (CLM4Me).
    oxidation_q10, oxidation_reference : float or array
        Temperature factor of oxidation per 10 degC [1] and where it is 1 [degC]; 1.9 (CLM4Me) and 12.
    aerated_water : float or array
        Water content of aerated soil [m3 m-3].
    aerated_diffusivity : float or array
        Diffusivity of aerated soil as felt by the concentration in its water [m2 d-1]; with 0.5 an aerated layer of
        10 cm removes 56 % at low concentration and 12 degC, within the 40 to 70 % that is observed.
    provenance : str
    """

    production_rate: float | Array = 4.3e-4
    production_q10: float | Array = 3.3
    production_reference: float | Array = 10.0
    production_cap: float | Array = 0.5
    soil_depth: float | Array = 0.3
    porosity: float | Array = 0.8
    plant_rate: float | Array = 0.24
    plant_start: float | Array = 2.0
    plant_span: float | Array = 10.0
    rhizosphere_oxidation: float | Array = 0.5
    water_diffusivity: float | Array = 1.5e-9
    tortuosity: float | Array = 0.66
    ebullition_threshold: float | Array = 500.0
    ebullition_rate: float | Array = 24.0
    ice_retention: float | Array = 0.5
    oxidation_rate: float | Array = 1080.0
    oxidation_half: float | Array = 5.0
    oxidation_q10: float | Array = 1.9
    oxidation_reference: float | Array = 12.0
    aerated_water: float | Array = 0.3
    aerated_diffusivity: float | Array = 0.5
    provenance: str = "CLM4Me (doi:10.5194/bg-8-1925-2011), Walter and Heimann (doi:10.1029/1999GB001204), SMAP L4C"

    def __post_init__(self) -> None:
        shares = {"production_cap", "porosity", "rhizosphere_oxidation", "tortuosity", "ice_retention", "aerated_water"}
        positive = {"production_q10", "soil_depth", "porosity", "plant_span", "oxidation_half", "oxidation_q10",
                    "aerated_diffusivity", "ebullition_threshold"}  # fmt: skip
        for name in (f.name for f in fields(self) if f.name != "provenance"):
            value = finite(name, getattr(self, name))
            low = -np.inf if name in {"production_reference", "plant_start", "oxidation_reference"} else 0.0
            high = 1.0 if name in shares else np.inf
            if ((value < low) | (value > high)).any() or (name in positive and (value <= 0).any()):
                expected = f"{'above' if name in positive else 'from'} 0" + (" to 1" if name in shares else "")
                raise ModelError("a methane parameter is out of range", where=name, found=f"{value.min():g}",
                                 expected=expected)  # fmt: skip
