import type {
	IExecuteFunctions,
	INodeExecutionData,
	INodeProperties,
	NodeHint,
} from 'n8n-workflow';

/** What n8n shows above the output of the node while a condition is met. */
export interface Hint extends Pick<NodeHint, 'message' | 'type'> {
	/** The inside of an n8n expression that gives true or false. */
	when: string;
}

/** An operation of the node. To add one, write a file for it and list it in its resource. */
export interface Operation {
	name: string;
	value: string;
	/** Shown in n8n's node panel: sentence case, no articles. */
	action: string;
	description: string;
	fields: INodeProperties[];
	/** For settings that together do not do what they seem to. */
	hints?: Hint[];
	/** Processes all input items; the output is in their order. */
	execute: (context: IExecuteFunctions) => Promise<INodeExecutionData[]>;
}

/** A kind of record, with its operations. */
export interface Resource {
	name: string;
	value: string;
	defaultOperation: string;
	/** In the order in which people need them: n8n’s node panel keeps it. */
	operations: Operation[];
}
