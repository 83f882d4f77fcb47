# A dashed line for each moment that the guest named, its name above the plot;
# two that are near each other, one above the other.
gap = 0.1 * (xmax - xmin)
last = -1e9
do for [i=1:nphases] {
	x = at[i]
	if (x >= xmin - 0.02 * (xmax - xmin) && x <= xmax + 0.02 * (xmax - xmin)) {
		x = x < xmin ? xmin : x > xmax ? xmax : x
		y = x - last < 1.6 * gap ? 1.075 : 1.03
		set arrow i from first x, graph 0 to first x, graph 1 nohead dt (4,4) lw 1 lc rgb "#777777"
		if (x > xmax - gap) {
			set label i phase[i] at first x, graph y right font ",12" tc rgb "#444444"
		} else {
			if (x < xmin + gap) {
				set label i phase[i] at first x, graph y left font ",12" tc rgb "#444444"
			} else {
				set label i phase[i] at first x, graph y center font ",12" tc rgb "#444444"
			}
		}
		if (x - last >= 1.6 * gap) { last = x }
	}
}
