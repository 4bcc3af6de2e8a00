"""A year of the trees of one plot, compiled: canopy, fire, death, growth, establishment."""

# The compiler infers the types.
# mypy: allow-untyped-defs, allow-untyped-calls

from __future__ import annotations

from geocryoai.processes.forest.allometry import (
    branch_mass,
    diameter_under_crown,
    leaf_area,
    optimal_increment,
    stem_mass,
    tree_height,
)
from geocryoai.processes.forest.compilable import compilable
from geocryoai.processes.forest.establishment import RATE, SMALLEST, SPREAD, seed_source, seedbed_multiplier
from geocryoai.processes.forest.fire import fire_death
from geocryoai.processes.forest.floor import LEAF_NITROGEN, NEEDLE_NITROGEN, WOOD_NITROGEN
from geocryoai.processes.forest.kernel_ground import DROUGHT, FLOODING, GROWING, THAW
from geocryoai.processes.forest.light import (
    add_crown,
    leaf_area_above,
    light_below,
    sum_from_top,
)
from geocryoai.processes.forest.mortality import STRESS_YEARS, age_death, stress_threshold
from geocryoai.processes.forest.multipliers import (
    degree_day_multiplier,
    light_multiplier,
    nitrogen_multiplier,
    permafrost_multiplier,
    tolerance_multiplier,
)
from geocryoai.processes.forest.random import poisson, uniform

#: Columns of the table of trees: diameter [cm], age [yr], base of the crown [m], years under stress, height [m],
#: leaf area [m2], optimal increment [cm yr-1], multiplier without nitrogen [1].
DIAMETER, AGE, BASE, STRESS, HEIGHT, LEAVES, BEST, SITE = range(8)
COLUMNS = 8

#: Columns of what the site leaves of growth, per species: warmth, drought, permafrost, flooding.
WARM, MOIST, THAWED, AERATED = range(4)

#: Litter of a year [kg]: slow (needles, wood), fast (leaves of hardwoods).
SLOW, FAST = range(2)

#: Share of needles shed a year [1], leaves and fine roots shed per leaves shed [1], share of dead wood that enters the
#: organic layer [1]; the base of a crown rises where light leaves less than `LIFT` of growth, by `RISE` [m yr-1].
NEEDLES_SHED, WITH_ROOTS, WOOD_TO_FLOOR, LIFT, RISE = 0.14, 2.0, 0.1, 0.05, 0.5


@compilable
def site_multipliers(species, summary, factors):
    """Set what warmth, water and thaw leave of the growth of each species, shape (species, 4)."""
    for i in range(species.size):
        s = species[i]
        factors[i, WARM] = degree_day_multiplier(
            summary[GROWING], s["degree_days_min"], s["degree_days_opt"], s["degree_days_max"]
        )
        factors[i, MOIST] = tolerance_multiplier(summary[DROUGHT], s["drought_limit"])
        factors[i, THAWED] = permafrost_multiplier(
            summary[THAW], s["thaw_shallow"], s["thaw_middle"], s["thaw_middle_slope"]
        )
        factors[i, AERATED] = tolerance_multiplier(summary[FLOODING], s["flood_limit"])


@compilable
def wood(s, diameter, height, base):
    """Return the dry mass of stem and branches [kg]."""
    under = diameter_under_crown(diameter, height, base, s["stem_shape"])
    stem = stem_mass(diameter, height, s["wood_density"], s["stem_shape"])
    return stem + branch_mass(under, height - base, s["wood_density"], s["stem_shape"])


@compilable
def canopy(species, kind, trees, count, area, layers, above):
    """Set heights, leaf areas and the leaf area above each layer of height."""
    layers[:, :] = 0.0
    for j in range(count):
        s, tree = species[kind[j]], trees[j]
        tree[HEIGHT] = tree_height(tree[DIAMETER], s["height_max"], s["height_slope"])
        under = diameter_under_crown(tree[DIAMETER], tree[HEIGHT], tree[BASE], s["stem_shape"])
        tree[LEAVES] = leaf_area(under, s["leaf_area_factor"])
        add_crown(layers, tree[BASE], tree[HEIGHT], tree[LEAVES] / area, s["evergreen"])
    sum_from_top(layers, above)


@compilable
def fall(species, kind, trees, j, litter):
    """Bring the leaves of a dead tree and some of its wood to the forest floor."""
    s, tree = species[kind[j]], trees[j]
    litter[SLOW if s["conifer"] > 0.0 else FAST] += tree[LEAVES] * s["leaf_mass"]
    litter[SLOW] += WOOD_TO_FLOOR * wood(s, tree[DIAMETER], tree[HEIGHT], tree[BASE])


@compilable
def remove(kind, trees, j, last):
    """Put the last tree in the place of one that died."""
    kind[j] = kind[last]
    for c in range(COLUMNS):
        trees[j, c] = trees[last, c]


@compilable
def burn(species, kind, trees, count, severity, area, state, p, burnt):
    """Kill trees by a fire; add their basal area [m2 ha-1] to the sources of young ones. Return how many live."""
    j = 0
    while j < count:
        s = species[kind[j]]
        if uniform(state, p) < fire_death(trees[j, DIAMETER], s["bark"], severity):
            burnt[kind[j]] += s["fire_seeds"] * 0.7853981633974483 * trees[j, DIAMETER] ** 2 / area
            count -= 1
            remove(kind, trees, j, count)
        else:
            j += 1
    return count


@compilable
def potential_growth(species, kind, trees, count, factors, above, extinction):
    """Set the increment and the multiplier without nitrogen of each tree; return the nitrogen asked for [kg]."""
    demand = 0.0
    for j in range(count):
        s, tree, f = species[kind[j]], trees[j], factors[kind[j]]
        light = light_multiplier(
            light_below(leaf_area_above(above, tree[HEIGHT], s["evergreen"]), extinction),
            s["light_scale"], s["light_rate"], s["light_compensation"],
        )  # fmt: skip
        tree[BEST] = optimal_increment(
            tree[DIAMETER], s["diameter_max"], s["height_max"], s["height_slope"], s["growth_rate"]
        )
        tree[SITE] = min(f[WARM], f[MOIST], light)
        grown = tree[DIAMETER] + tree[BEST] * tree[SITE] * f[THAWED] * f[AERATED]
        height = tree_height(grown, s["height_max"], s["height_slope"])
        new = wood(s, grown, height, tree[BASE]) - wood(s, tree[DIAMETER], tree[HEIGHT], tree[BASE])
        shed = WITH_ROOTS * tree[LEAVES] * s["leaf_mass"] * (NEEDLES_SHED if s["evergreen"] > 0.0 else 1.0)
        demand += WOOD_NITROGEN * new + shed * (NEEDLE_NITROGEN if s["conifer"] > 0.0 else LEAF_NITROGEN)
    return demand


@compilable
def grow(species, kind, trees, count, factors, above, extinction, supply, litter):
    """Let the trees grow, shed leaves and lose low branches; `supply` is the share of nitrogen available."""
    for j in range(count):
        s, tree, f = species[kind[j]], trees[j], factors[kind[j]]
        nitrogen = nitrogen_multiplier(supply, s["nitrogen_constant"], s["nitrogen_linear"], s["nitrogen_square"])
        increment = tree[BEST] * min(tree[SITE], nitrogen) * f[THAWED] * f[AERATED]
        threshold = stress_threshold(s["diameter_max"], s["age_max"], s["stress_increment"])
        tree[STRESS] = tree[STRESS] + 1.0 if increment < threshold else 0.0
        light = light_below(leaf_area_above(above, tree[BASE], s["evergreen"]), extinction)
        left = light_multiplier(light, s["light_scale"], s["light_rate"], s["light_compensation"])
        if left < LIFT and tree[BASE] + RISE < tree[HEIGHT] - 1.0:
            tree[BASE] += RISE
        shed = WITH_ROOTS * tree[LEAVES] * s["leaf_mass"] * (NEEDLES_SHED if s["evergreen"] > 0.0 else 1.0)
        litter[SLOW if s["conifer"] > 0.0 else FAST] += shed
        tree[DIAMETER] += increment
        tree[AGE] += 1.0


@compilable
def thin(species, kind, trees, count, state, p, litter):
    """Let trees die of age and stress; return how many live."""
    j = 0
    while j < count:
        s = species[kind[j]]
        dies = uniform(state, p) < age_death(s["age_max"], s["old_age_share"])
        stressed = uniform(state, p) < s["stress_death"]
        if dies or (stressed and trees[j, STRESS] >= STRESS_YEARS):
            fall(species, kind, trees, j, litter)
            count -= 1
            remove(kind, trees, j, count)
        else:
            j += 1
    return count


@compilable
def establish(species, kind, trees, count, factors, above, choices, supply, organic, basal, burnt, state, p):
    """Add young trees where there is room; return how many trees there are."""
    for i in range(species.size):
        s, f = species[i], factors[i]
        light = light_below(above[1 if s["evergreen"] > 0.0 else 0, 0], choices["extinction"])
        lit = light_multiplier(light, s["light_scale"], s["light_rate"], s["light_compensation"])
        fed = nitrogen_multiplier(supply, s["nitrogen_constant"], s["nitrogen_linear"], s["nitrogen_square"])
        share = min(f[WARM], f[MOIST], lit, fed) * f[THAWED] * f[AERATED]
        share *= seedbed_multiplier(organic, s["seedbed_depth"])
        young = poisson(state, p, choices["plot_area"] * RATE * seed_source(basal[i], burnt[i]) * share)
        for _ in range(min(young, kind.size - count)):
            kind[count] = i
            trees[count, :] = 0.0
            trees[count, DIAMETER] = SMALLEST + SPREAD * uniform(state, p)
            count += 1
    return count


@compilable
def tally(species, kind, trees, count, area, totals):
    """Set basal area [m2 ha-1], leaf area [m2 m-2], mass [kg m-2] and stems of each species, shape (4, species)."""
    totals[:] = 0.0
    for j in range(count):
        i, tree = kind[j], trees[j]
        s = species[i]
        tree[HEIGHT] = tree_height(tree[DIAMETER], s["height_max"], s["height_slope"])
        under = diameter_under_crown(tree[DIAMETER], tree[HEIGHT], tree[BASE], s["stem_shape"])
        tree[LEAVES] = leaf_area(under, s["leaf_area_factor"])
        totals[0, i] += 0.7853981633974483 * tree[DIAMETER] ** 2 / area
        totals[1, i] += tree[LEAVES] / area
        mass = wood(s, tree[DIAMETER], tree[HEIGHT], tree[BASE]) + tree[LEAVES] * s["leaf_mass"]
        totals[2, i] += mass / area
        totals[3, i] += 1.0
