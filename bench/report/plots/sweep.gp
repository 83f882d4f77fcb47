# A panel a metric over a value of each boot, an interval a point. Data: a block a
# panel and variant: value, median, lower and upper end.
set multiplot layout npanels,1 margins 0.11,0.97,120.0/height,1-70.0/height spacing 0,70.0/height title title
unset key
set logscale x
set xrange [xlo*0.9:xhi*1.1]
eval "set xtics ".tics
do for [p=1:npanels] {
	set ylabel ptitle[p]
	if (top[p] > 0) { set yrange [0:*] } else { set yrange [0:1] }
	if (p == npanels) { set xlabel axis } else { unset xlabel }
	plot for [i=1:n] data index (p-1)*n+i-1 using 1:2 with lines ls i lw 1.5, \
		for [i=1:n] data index (p-1)*n+i-1 using 1:2:3:4 with yerrorbars ls i ps 1
}
unset multiplot
unset logscale x
