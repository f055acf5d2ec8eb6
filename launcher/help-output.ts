/** Topics of `--help` about what ranks print and read. */
export const outputTopics: Readonly<Record<string, string>> = {
  output: `
Output and input

What ranks print goes to tsmpirun's stdout and stderr, which stay apart. Lines of different ranks never mix.
A line that does not end is passed on after 0.2 s; if another rank prints before it goes on, "…" stands before the
rest. Nothing is lost, not even what is printed right before process.exit(). If nobody reads tsmpirun's output,
ranks block once a megabyte is on its way. What several ranks write to stderr alike within 0.3 s is shown once, and
then with the others' names: [ranks 1-15] could not open the file

--tag-output, --tag         put [rank] in front of every line
--tag-format '%r@%h %t'     or what you like: %r rank, %g ranks, %h host, %p process, %s out or err, %t time
--timestamp                 the time, too, as the agent of the rank's host sees it
--output-dir FOLDER         files for each rank instead: FOLDER/rank-0007.out and .err
--output-pattern '%j-%r.%s' their names; also %h, %p, and %4r for four digits. Who has the same name shares a file
--tee                       show what goes to files, too
--merge-stderr-to-stdout
--print-ranks 0,8-11        show only these; all go to files, and a rank that fails shows its last lines
--raw                       bytes as they come, not line by line
--print-exit-codes          at the end, those of all ranks

--stdin N|all|none          who reads tsmpirun's standard input: by default rank 0, if it is a file or a pipe; for all
                            other ranks it is empty. A rank of this host that is the only reader inherits it;
                            otherwise up to 64 KB are read ahead.
`,
};
