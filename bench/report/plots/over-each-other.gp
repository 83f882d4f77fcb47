# A line for each variant, the median over its boots, on a band from minimum to
# maximum. Data: a block a variant; seconds, median, min, max.
set title title offset 0,1.2
set xlabel xtitle
set ylabel "host-resident guest memory (MiB)"
set xrange [xmin:xmax]
set yrange [0:ymax*1.08]
set ytics step
set bmargin at screen 0.21
set tmargin at screen 0.85
set key at screen 0.5,0.04 center center horizontal maxrows 1 samplen 4
set style fill transparent solid 0.2 noborder
# Points at other places for each line, or one hides the next.
plot for [i=1:n] data index i-1 using 1:3:4 with filledcurves fc rgb color[i] notitle, \
	for [i=1:n] data index i-1 using 1:2 with lines ls i notitle, \
	for [i=1:n] data index i-1 every 36::(5*i-1) using 1:2 with points ls i ps 0.8 notitle, \
	for [i=1:n] NaN with linespoints ls i ps 0.8 title label[i]
unset arrow
unset label
