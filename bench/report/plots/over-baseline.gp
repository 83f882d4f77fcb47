# Instructions over those of the baseline, whose own numbers stand below. Data: a
# block a pattern, operation and variant: order, instructions, ratio.
set multiplot layout npatterns,2 rowsfirst margins 0.095,0.985,110.0/height,1-85.0/height spacing 0.07,85.0/height title title
unset key
set grid noxtics
set xrange [-0.6:orders-0.4]
set xtics 0,1,orders-1 scale 0
set yrange [ylo-0.28*(yhi-ylo):yhi+0.06*(yhi-ylo)]
do for [p=1:npatterns] {
	do for [op=1:2] {
		panel = 2*(p-1) + op-1
		do for [o=1:int(orders)] {
			set label 20+o base[panel*int(orders)+o] at first o-1, graph 0.06 center font ",10" tc rgb basecolor
		}
		set title pattern[p].": ".word("alloc free", op)
		if (op == 1) { set ylabel "instructions, × ".baseline."'s" } else { unset ylabel }
		if (p == npatterns) {
			set xlabel "order (log2 pages); numbers: instructions of ".baseline
		} else { unset xlabel }
		set arrow 1 from graph 0, first 1 to graph 1, first 1 nohead lw 2 lc rgb basecolor
		plot for [i=1:n] data index panel*n+i-1 using ($1+(i-1-(n-1)/2.0)*0.7/n):3 with points ls i ps 1
		unset label
	}
}
unset multiplot
unset arrow
