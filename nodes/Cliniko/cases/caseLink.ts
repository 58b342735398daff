/** Stands for the only open case of the patient, where a case is chosen. */
export const ONLY_OPEN = 'onlyOpen';
