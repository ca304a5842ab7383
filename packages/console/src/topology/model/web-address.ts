/** Whether an address that a probe or a plugin told may become a link. What is not of the web would run as this page. */
export const isWebAddress = (address: string): boolean => /^https?:\/\//i.test(address);
