import { styleText } from "node:util";

export type Style = "bold" | "dim" | "red" | "green" | "yellow" | "cyan" | "magenta" | "inverse";
/** Colours a text, or leaves it as it is. */
export type Paint = (styles: readonly Style[], text: string) => string;

export function paintWith(colour: boolean): Paint {
  // The caller has asked the terminal already; Node would ask about stdout.
  return (styles, text) => (colour && styles.length > 0 && text !== "" ? styleText([...styles], text, { validateStream: false }) : text);
}
