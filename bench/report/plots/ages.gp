# Free memory by age at the moments that the guest named. Data: a block a moment:
# class, MiB waiting, reported, refaulted since the begin.
array kind[3] = ["free, not reported: for how long", "reported: how long ago", "reported and used again since the begin: how long after its report"]
set multiplot layout 3,1 margins 0.115,0.97,0.19,0.86 spacing 0,0.085 title title
unset key
unset xlabel
set xrange [-0.7:classes-0.3]
set xtics 0,1 format ""
set label 99 "free memory (MiB)" at screen 0.017,0.52 center rotate by 90
do for [m=1:nmoments] {
	x = 0.5 + (m-1 - (nmoments-1)/2.0) * 0.2
	set object m rectangle from screen x-0.06,0.025 to screen x-0.03,0.055 fs pattern pattern[m] border lc rgb "#000000" fc rgb shade[m]
	set label 100+m moment[m] at screen x-0.02,0.04 left
}
do for [k=1:3] {
	set title kind[k] offset 0,-0.6
	set yrange [0:top[k]]
	set ytics step[k]
	if (k == 1 && gate > 0) {
		x = log10(gate)/log10(2) + 0.5
		set arrow 1 from first x, graph 0 to first x, graph 1 nohead dt (4,4) lw 1.5 lc rgb "#000000"
		set label 1 sprintf("2 MiB are reported at %g ms", gate) at first x, graph 0.88 left offset 0.5,0 font ",12"
	} else {
		unset arrow 1
		unset label 1
	}
	if (k == 3) {
		# What is used again happens between two moments: at the last.
		set xlabel "below this age, in classes that double"
		set xtics format "%g"
		set xtics ("" 0)
		do for [c=1:int(classes)] { set xtics add (class[c] c-1) }
		plot data index nmoments-1 using 1:4:(0.8) with boxes lc rgb shade[nmoments] fs pattern pattern[nmoments] border lc rgb "#000000"
	} else {
		plot for [m=1:nmoments] data index m-1 using ($1+(m-1-(nmoments-1)/2.0)*0.8/nmoments):k+1:(0.8/nmoments) with boxes lc rgb shade[m] fs pattern pattern[m] border lc rgb "#000000"
	}
	if (k == 1) {
		unset object
		unset label
	}
}
unset multiplot
unset label
unset arrow
unset object
