/** Told what goes on, one phrase at a time, for a person. */
export type Progress = (text: string) => void;
