package Report;

# Sums of the old shop's receipts, from lines of month, currency, number of receipts, cents.

use strict;
use warnings;

sub load {
    my ($file) = @_;
    open my $input, '<', $file or die "$file: $!\n";
    my @rows;
    while (my $line = <$input>) {
        $line =~ s/\s+\z//;
        next if $line eq '';
        $line =~ /\A(\d{4}-\d{2}),([A-Z]{3}),(\d+),(\d+)\z/ or die "$file:$.: must be month,currency,receipts,cents\n";
        push @rows, { month => $1, currency => $2, receipts => $3, cents => $4 };
    }
    close $input or die "$file: $!\n";
    return \@rows;
}

# The report as text; undef when there is nothing for the month.
sub text {
    my ($rows, $title, $month) = @_;
    my @shown = grep { !defined $month || $_->{month} eq $month } @$rows;
    return undef unless @shown;
    my %sum;
    my $text = sprintf "%s\n\n%-8s %8s %3s %14s\n", $title, 'month', 'receipts', '', 'total';
    for my $row (sort { $a->{month} cmp $b->{month} || $a->{currency} cmp $b->{currency} } @shown) {
        $text .= sprintf "%-8s %8d %3s %14s\n", @$row{qw(month receipts currency)}, amount($row->{cents});
        $sum{ $row->{currency} }{$_} += $row->{$_} for qw(receipts cents);
    }
    $text .= sprintf "%-8s %8d %3s %14s\n", 'all', $sum{$_}{receipts}, $_, amount($sum{$_}{cents}) for sort keys %sum;
    return $text;
}

# 1234567 becomes 12,345.67.
sub amount {
    my ($cents) = @_;
    my $whole = int($cents / 100);
    1 while $whole =~ s/\A(\d+)(\d{3})/$1,$2/;
    return sprintf '%s.%02d', $whole, $cents % 100;
}

1;
