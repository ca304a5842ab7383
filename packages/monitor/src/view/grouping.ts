import type { Report, ReportNode } from '@orchestrator/report';
import type { Grouping } from './definitions.ts';
import { nodeOf, textOf } from './lineage.ts';

/** What a node is counted to. */
export interface Group {
  readonly id: string;
  readonly label: string;
}

/** Undefined: the node is not part of the picture. */
export type GroupOf = (id: string, node: ReportNode) => Group | undefined;

/** Under which ids a container's image may be found. */
export function imageIdsOf(container: ReportNode): string[] {
  const ids: string[] = [];
  for (const [id, { value }] of container.parents.get('container_image') ?? [])
    if (value === true) ids.push(id);
  const id = textOf(container, 'docker_image_id');
  return id === '' ? ids : [...ids, `${id};<container_image>`];
}

/** The image of a container, if its node is known. */
export function imageOf(report: Report, container: ReportNode): ReportNode | undefined {
  for (const id of imageIdsOf(container)) {
    const image = nodeOf(report, 'container_image', id);
    if (image !== undefined) return image;
  }
  return undefined;
}

/** `registry:5000/team/app:1.2` and `…/app@sha256:…` are versions of `registry:5000/team/app`. */
const withoutVersion = (name: string) => name.replace(/@.*$/, '').replace(/:[^/:]*$/, '');

/** What a container was made from, whatever version of it; empty if that is not known. */
export const imageNameOf = (report: Report, container: ReportNode): string =>
  withoutVersion(
    textOf(container, 'docker_image_name') || textOf(imageOf(report, container), 'docker_image_name'),
  );

export const imageGroupId = (imageName: string): string => `${imageName};<container_image>`;

function hostNameOf(container: ReportNode): string {
  const [name, domain] = [
    textOf(container, 'docker_container_hostname'),
    textOf(container, 'docker_container_domainname'),
  ];
  return domain === '' || name === '' ? name : `${name}.${domain}`;
}

const named = (name: string): Group | undefined => (name === '' ? undefined : { id: name, label: name });

/** Where the platforms keep the labels of their nodes. */
export const labelPrefixes = [
  'docker_label_',
  'kubernetes_labels_',
  'mesos_label_',
  'marathon_label_',
  'label_',
];

export function labelOf(node: ReportNode, label: string): string {
  for (const prefix of labelPrefixes) {
    const value = textOf(node, `${prefix}${label}`);
    if (value !== '') return value;
  }
  return '';
}

const withoutLabel = '(none)';

/** Groups by what a view is made of, or by a label: nodes without it are one group. */
export function groupingOf(report: Report, by: Grouping | { readonly label: string }): GroupOf {
  switch (by) {
    case 'image':
      return (_, node) => {
        const name = imageNameOf(report, node);
        return name === '' ? undefined : { id: imageGroupId(name), label: name };
      };
    case 'hostname':
      return (_, node) => named(hostNameOf(node));
    case 'process-name':
      return (_, node) => named(textOf(node, 'name'));
    default:
      return (_, node) => {
        const value = labelOf(node, by.label) || withoutLabel;
        return { id: `${by.label}=${value};<label>`, label: value };
      };
  }
}
