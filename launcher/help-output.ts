import { listOptions } from "./help-options.js";
import { outputKnobs } from "./output-options.js";

/** Topics of `--help` about what ranks print and read. */
export const outputTopics: Readonly<Record<string, string>> = {
  output: `
Output and input

What ranks print goes to tsmpirun's stdout and stderr, which stay apart. Lines of different ranks never mix.
A line that does not end is passed on after 0.2 s; if another rank prints before it goes on, "…" stands before the
rest. Nothing is lost, not even what is printed right before process.exit(). If nobody reads tsmpirun's output,
ranks block once a megabyte is on its way. What several ranks write to stderr alike within a second is shown once, and
then with the others' names: [ranks 1-15] could not open the file

${listOptions(outputKnobs)}

A rank of this host that is the only reader of standard input inherits it; otherwise up to 64 KB are read ahead. For all
other ranks it is empty.
`,
};
