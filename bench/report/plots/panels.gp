# A panel for each variant, a thin line for each boot. Data: a block a variant,
# boots apart by an empty line; seconds, MiB. figure[]: two texts a variant.
set multiplot layout n,1 margins 0.115,0.80,70.0/height,1-60.0/height spacing 0,24.0/height title title
set label 101 "host-resident guest memory (MiB)" at screen 0.02,0.5 center rotate by 90
set xrange [0:xmax]
set yrange [0:ymax*1.12]
set ytics step
set format x ""
unset key
do for [i=1:n] {
	set label 100 label[i] at graph 1.02,0.88 left tc rgb color[i]
	set label 102 figure[2*i-1] at graph 1.02,0.62 left font ",12"
	set label 103 figure[2*i] at graph 1.02,0.26 left font ",12"
	if (i == n) {
		set format x "%g"
		set xlabel "seconds after the workload's begin"
	}
	plot data index i-1 using 1:2 with lines lc rgb color[i] lw 1
	unset label
}
unset multiplot
unset arrow
unset xlabel
