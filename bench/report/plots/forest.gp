# A panel a platform, a line a metric or a heading: the ratio with its interval. Data: a block a
# panel: line, ratio, lower and upper end, shown by a test.
left = 0.33	# headings fit
do for [i=1:nlines] {
	fits = 0.02 + 0.0078 * strlen(line[i])
	if (fits > left) { left = fits }
}
gap = 0.03
wide = (0.985 - left) / npanels
set multiplot title title
unset key
set logscale x 2
set xrange [1/widest/1.15:widest*1.15]
set xtics ("1/32" 1/32.0, "1/8" 1/8.0, "1/2" 0.5, "1" 1, "2" 2, "8" 8, "32" 32)
if (npanels > 2) { set xtics ("1/32" 1/32.0, "" 1/8.0, "1/4" 0.25, "1" 1, "4" 4, "" 8, "32" 32) }
set yrange [nlines+0.7:0.3]
set tmargin at screen 1-62.0/height
set bmargin at screen 58.0/height
set arrow 1 from 1,0.3 to 1,nlines+0.7 nohead lc rgb "#444444" lw 1 back
do for [p=1:npanels] {
	set lmargin at screen left + (p-1)*wide
	set rmargin at screen left + p*wide - gap
	set ytics ("" 1)
	do for [i=1:nlines] {
		if (heading[i] eq "") {
			set ytics add (p == 1 ? line[i] : "" i)
		} else {
			if (p == 1) { set label 100+i heading[i] at screen 0.012,first i left font "DejaVu Sans Bold,14" }
		}
	}
	set xlabel "← better, times as much, worse →" offset 0,0.3
	if (p > 1) { do for [i=1:nlines] { unset label 100+i } }
	set label 1 ptitle[p] at graph 0.5,screen 1-46.0/height center
	plot data index p-1 using 2:1:3:4 with xerrorbars lc rgb "#666666" pt 6 ps 0.7 lw 1.5, \
		data index p-1 using ($5 > 0 ? $2 : NaN):1 with points lc rgb "#0b6cb8" pt 7 ps 0.9, \
		data index p-1 using ($2 <= 1/widest && $5 > 0 ? $2 : NaN):1 with points lc rgb "#0b6cb8" pt 9 ps 1, \
		data index p-1 using ($2 <= 1/widest && $5 == 0 ? $2 : NaN):1 with points lc rgb "#0b6cb8" pt 8 ps 1, \
		data index p-1 using ($2 >= widest && $5 > 0 ? $2 : NaN):1 with points lc rgb "#b3261e" pt 11 ps 1, \
		data index p-1 using ($2 >= widest && $5 == 0 ? $2 : NaN):1 with points lc rgb "#b3261e" pt 10 ps 1
}
unset multiplot
unset label
unset arrow
unset logscale x
