/** Puts a text into a format, or leaves it as it is where nothing shows formats. */
export type Style = (format: 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan', text: string) => string;

export const plainStyle: Style = (_, text) => text;
