# Every variant a point with the intervals of both its figures. Data: for each
# panel a block with the outline of what no variant reaches, then one for each
# variant: x, y, x low, x high, y low, y high. limited: x beyond xmax was not reached.
beyond = 1.09
full = 1.27
set multiplot layout 1,npanels margins 0.105,0.975,0.235,0.81 spacing 0.125,0 title title."\nbars: interval of the median; grey: better in both than any variant"
unset key
set xrange [0:xmax*(limited ? full : 1.08)]
set xlabel xtitle
set xtics 0,xstep,xmax
set style fill solid 1 noborder
do for [i=1:n] {
	set label 100+i label[i] at screen 0.5+(i-1-n/2.0)*(n > 6 ? 0.13 : 0.15),0.04 left offset 1.2,0 point ls i ps 1.4
}
do for [k=1:npanels] {
	set title ptitle[k]
	set ylabel plabel[k]
	set yrange [ylo[k]:yhi[k]]
	set ytics ystep[k]
	if (limited) {
		set arrow 1 from first xmax*beyond, graph 0 to first xmax*beyond, graph 1 nohead front dt (2,4) lc rgb "#444444"
		set label 1 sprintf("not within %.0f s", limit) at first xmax*(full-0.03), graph 0.5 center rotate by 90 front font ",12" tc rgb "#444444"
	}
	first = (k-1) * (n+1)
	plot data index first using 1:2 with filledcurves closed fc rgb "#e8e8e8", \
		for [i=1:n] data index first+i using 1:2:3:4:5:6 with xyerrorbars ls i lw 1.5 dt 1 ps 1.4
	unset label
}
unset multiplot
unset arrow
