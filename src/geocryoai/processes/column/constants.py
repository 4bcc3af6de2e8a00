"""Numbers that both back ends of the column model share."""

#: Liquid share of the water above which a cell counts as thawed in the phase definition (as GIPL draws its fronts).
THAWED_SHARE = 0.95
