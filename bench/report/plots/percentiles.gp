# Latencies by percentile, to the right ever fewer operations. Data: a block a
# panel, operation and variant: -log10(share that is slower), ns. A time below
# what the clock can tell lies in the grey strip.
set multiplot layout npanels,2 rowsfirst margins 0.115,0.985,foot/height,1-85.0/height spacing 0.09,78.0/height title title
unset key
set encoding utf8
set micro
set logscale y
set format y "%.0s %cs"
set xrange [0:xmax*1.02]
set xtics ("0" 0, "50" 0.30103, "90" 1, "99" 2, "99.9" 3, "99.99" 4, "99.999" 5, "99.9999" 6)
do for [p=1:npanels] {
	set yrange [10**(ylo[p]-9):10**(yhi[p]-8)]
	do for [op=1:2] {
		set title ptitle[p].": ".word("alloc free", op)
		if (op == 1) { set ylabel ytitle } else { unset ylabel }
		if (p == npanels) { set xlabel "percentile of the operations" } else { unset xlabel }
		plot for [i=1:n] data index (2*(p-1)+op-1)*n+i-1 using 1:($2*1e-9) with linespoints ls i dt 1 ps 0.7 pi -8
		unset label
	}
}
unset multiplot
unset logscale y
set format y "%g"
