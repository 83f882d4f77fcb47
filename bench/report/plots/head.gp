# Everything is drawn twice, if this gnuplot can; the brace is closed at the end.
data = name.".dat"
kinds = strstrt(GPVAL_TERMINALS, "pngcairo") ? "svg png" : "svg"
do for [t in kinds] {
if (t eq "svg") {
	set terminal svg size width,height font "DejaVu Sans,14" background "white" noenhanced
} else {
	set terminal pngcairo size 2*width,2*height font "DejaVu Sans,14" fontscale 1.5 linewidth 2 pointscale 2 background "white" noenhanced
}
set output name.".".t
set grid back lc rgb "#dddddd" lt 1 lw 1
set border 3 lc rgb "#444444"
set tics nomirror
