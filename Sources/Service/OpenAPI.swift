import ShareServers

/// The contract of the query API, served at `/openapi.json`.
enum OpenAPI {
    /// OpenAPI 3.1, as JSON.
    static let document = withLimits(
        withAccess(withIntegrity(withAnalytics(withMoments((try? JSON(parsing: Array(text.utf8))) ?? .null))))
    ).canonical()

    // swift-format-ignore
    private static let text = #"""
        {
          "openapi": "3.1.0",
          "info": {
            "title": "Dossier",
            "version": "1",
            "description": "The record of every OpenStack Manila share server. Every unknown parameter is refused below `/v1`; Manila's filters that are not known below `/v2` are passed over. Another method on a path is answered 405 with `Allow`. `HEAD` is answered wherever `GET` is.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}
          },
          "paths": {
            "/": {
              "get": {
                "summary": "What there is.",
                "responses": {
                  "200": {
                    "description": "Names of routes; and, for Manila's clients, the versions of its API.",
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ManilaVersions"}}}
                  }
                }
              }
            },
            "/healthz": {
              "get": {
                "summary": "Whether the process answers.",
                "responses": {
                  "200": {
                    "description": "It does.",
                    "content": {
                      "application/json": {"schema": {"type": "object", "properties": {"status": {"const": "ok"}}, "required": ["status"]}}
                    }
                  }
                }
              }
            },
            "/readyz": {
              "get": {
                "summary": "Whether the database answers and has this program's schema.",
                "responses": {
                  "200": {
                    "description": "It does.",
                    "content": {
                      "application/json": {
                        "schema": {"type": "object", "properties": {"status": {"const": "ready"}}, "required": ["status"]}
                      }
                    }
                  },
                  "503": {"$ref": "#/components/responses/Unavailable"}
                }
              }
            },
            "/metrics": {
              "get": {
                "summary": "Figures for Prometheus: the log, the projections, and when sources were last heard of.",
                "responses": {
                  "200": {
                    "description": "In the text format 0.0.4.",
                    "content": {"text/plain": {"schema": {"type": "string"}}}
                  },
                  "400": {"$ref": "#/components/responses/BadRequest"},
                  "503": {"$ref": "#/components/responses/Unavailable"}
                }
              }
            },
            "/openapi.json": {
              "get": {
                "summary": "This document.",
                "responses": {
                  "200": {"description": "OpenAPI 3.1.", "content": {"application/json": {"schema": {"type": "object"}}}}
                }
              }
            },
            "/v1/servers": {
              "get": {
                "summary": "Servers now, or at a moment; those gone are included, with the status `absent`.",
                "parameters": [
                  {"name": "status", "in": "query", "description": "Exactly this status.", "schema": {"type": "string"}},
                  {
                    "name": "class",
                    "in": "query",
                    "description": "Class of statuses.",
                    "schema": {"type": "string", "enum": ["serving", "failed", "transitional", "other", "absent"]}
                  },
                  {"name": "host", "in": "query", "description": "Exactly this host.", "schema": {"type": "string"}},
                  {
                    "name": "project_id",
                    "in": "query",
                    "description": "Exactly this project_id.",
                    "schema": {"type": "string"}
                  },
                  {
                    "name": "share_network_id",
                    "in": "query",
                    "description": "Exactly this share_network_id.",
                    "schema": {"type": "string"}
                  },
                  {
                    "name": "at",
                    "in": "query",
                    "description": "The moment. Where it is left out, the latest that is known, should an event be dated in the future too.",
                    "schema": {"type": "string", "format": "date-time"}
                  },
                  {
                    "name": "known_at",
                    "in": "query",
                    "description": "Only from what had been recorded by then: an RFC 3339 time, or how many entries of each lane as `as_of` tells them: `120`, or `0:120,1:77` with several lanes. Without `at`, of the same moment.",
                    "schema": {"type": "string"}
                  },
                  {
                    "name": "limit",
                    "in": "query",
                    "description": "Rows of a page.",
                    "schema": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100}
                  },
                  {
                    "name": "cursor",
                    "in": "query",
                    "description": "`next_cursor` of the page before.",
                    "schema": {"type": "string"}
                  }
                ],
                "responses": {
                  "200": {
                    "description": "A page, in order of lane and id.",
                    "content": {
                      "application/json": {
                        "schema": {
                          "type": "object",
                          "properties": {
                            "servers": {"type": "array", "items": {"$ref": "#/components/schemas/Server"}},
                            "next_cursor": {"type": ["string", "null"]},
                            "as_of": {"$ref": "#/components/schemas/AsOf"}
                          },
                          "required": ["servers", "next_cursor", "as_of"]
                        }
                      }
                    },
                    "headers": {
                      "ETag": {
                        "schema": {"type": "string"},
                        "description": "Stays while the answer does, `as_of` time and lag left out."
                      },
                      "Link": {"schema": {"type": "string"}, "description": "rel=\"next\", where there is a next page."}
                    }
                  },
                  "304": {"description": "The client's copy is still right."},
                  "400": {"$ref": "#/components/responses/BadRequest"},
                  "503": {"$ref": "#/components/responses/Unavailable"}
                }
              }
            },
            "/v1/servers/{id}": {
              "get": {
                "summary": "One server now, or at a moment.",
                "parameters": [
                  {
                    "name": "id",
                    "in": "path",
                    "description": "A share server's.",
                    "schema": {"type": "string", "format": "uuid"},
                    "required": true
                  },
                  {
                    "name": "at",
                    "in": "query",
                    "description": "The moment. Where it is left out, the latest that is known, should an event be dated in the future too.",
                    "schema": {"type": "string", "format": "date-time"}
                  },
                  {
                    "name": "known_at",
                    "in": "query",
                    "description": "Only from what had been recorded by then: an RFC 3339 time, or how many entries of each lane as `as_of` tells them: `120`, or `0:120,1:77` with several lanes. Without `at`, of the same moment.",
                    "schema": {"type": "string"}
                  }
                ],
                "responses": {
                  "200": {
                    "description": "The server.",
                    "content": {
                      "application/json": {
                        "schema": {
                          "type": "object",
                          "properties": {
                            "server": {"$ref": "#/components/schemas/Server"},
                            "appeared": {"$ref": "#/components/schemas/End"},
                            "went": {"$ref": "#/components/schemas/End"},
                            "chain": {"type": "array", "items": {"$ref": "#/components/schemas/Link"}},
                            "as_of": {"$ref": "#/components/schemas/AsOf"}
                          },
                          "required": ["server", "appeared", "went", "chain", "as_of"]
                        }
                      }
                    },
                    "headers": {
                      "ETag": {
                        "schema": {"type": "string"},
                        "description": "Stays while the answer does, `as_of` time and lag left out."
                      },
                      "Link": {"schema": {"type": "string"}, "description": "rel=\"next\", where there is a next page."}
                    }
                  },
                  "304": {"description": "The client's copy is still right."},
                  "400": {"$ref": "#/components/responses/BadRequest"},
                  "404": {"$ref": "#/components/responses/NotFound"},
                  "503": {"$ref": "#/components/responses/Unavailable"}
                }
              }
            },
            "/v1/servers/{id}/history": {
              "get": {
                "summary": "One server's timeline.",
                "parameters": [
                  {
                    "name": "id",
                    "in": "path",
                    "description": "A share server's.",
                    "schema": {"type": "string", "format": "uuid"},
                    "required": true
                  },
                  {
                    "name": "from",
                    "in": "query",
                    "description": "Inclusive.",
                    "schema": {"type": "string", "format": "date-time"}
                  },
                  {
                    "name": "until",
                    "in": "query",
                    "description": "Exclusive.",
                    "schema": {"type": "string", "format": "date-time"}
                  },
                  {
                    "name": "reads",
                    "in": "query",
                    "description": "Whether calls that only read and were answered well are wanted too.",
                    "schema": {"type": "boolean", "default": false}
                  },
                  {
                    "name": "known_at",
                    "in": "query",
                    "description": "Only from what had been recorded by then: an RFC 3339 time, or how many entries of each lane as `as_of` tells them: `120`, or `0:120,1:77` with several lanes. Without `at`, of the same moment.",
                    "schema": {"type": "string"}
                  },
                  {
                    "name": "limit",
                    "in": "query",
                    "description": "Rows of a page.",
                    "schema": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100}
                  },
                  {
                    "name": "cursor",
                    "in": "query",
                    "description": "`next_cursor` of the page before.",
                    "schema": {"type": "string"}
                  }
                ],
                "responses": {
                  "200": {
                    "description": "A page, in order of time.",
                    "content": {
                      "application/json": {
                        "schema": {
                          "type": "object",
                          "properties": {
                            "server_id": {"type": "string", "format": "uuid"},
                            "visits": {
                              "type": "array",
                              "items": {"$ref": "#/components/schemas/Visit"},
                              "description": "On the first page; at most 1,000."
                            },
                            "gaps": {
                              "type": "array",
                              "items": {
                                "type": "object",
                                "properties": {
                                  "from": {"type": "string", "format": "date-time"},
                                  "until": {"type": ["string", "null"], "format": "date-time"}
                                },
                                "required": ["from", "until"]
                              },
                              "description": "When none of the server's sources was watching, between its first sighting and its end; `until` is null while that lasts. On the first page, like the three below; at most 1,000."
                            },
                            "appeared": {"$ref": "#/components/schemas/End"},
                            "went": {"$ref": "#/components/schemas/End"},
                            "chain": {"type": "array", "items": {"$ref": "#/components/schemas/Link"}},
                            "timeline": {"type": "array", "items": {"$ref": "#/components/schemas/TimelineItem"}},
                            "next_cursor": {"type": ["string", "null"]},
                            "as_of": {"$ref": "#/components/schemas/AsOf"}
                          },
                          "required": ["server_id", "timeline", "next_cursor", "as_of"]
                        }
                      }
                    },
                    "headers": {
                      "ETag": {
                        "schema": {"type": "string"},
                        "description": "Stays while the answer does, `as_of` time and lag left out."
                      },
                      "Link": {"schema": {"type": "string"}, "description": "rel=\"next\", where there is a next page."}
                    }
                  },
                  "304": {"description": "The client's copy is still right."},
                  "400": {"$ref": "#/components/responses/BadRequest"},
                  "404": {"$ref": "#/components/responses/NotFound"},
                  "503": {"$ref": "#/components/responses/Unavailable"}
                }
              }
            },
            "/v1/events": {
              "get": {
                "summary": "The log's entries, by filters that must all hold. One page looks through at most 100,000 positions: it may be short and still have a next one.",
                "parameters": [
                  {
                    "name": "server_id",
                    "in": "query",
                    "description": "Exactly this server_id.",
                    "schema": {"type": "string", "format": "uuid"}
                  },
                  {
                    "name": "known_at",
                    "in": "query",
                    "description": "Only what had been recorded by then: an RFC 3339 time, or how many entries of each lane as `as_of` tells them.",
                    "schema": {"type": "string"}
                  },
                  {
                    "name": "type",
                    "in": "query",
                    "description": "A type, or `call`, `status`, `backend_details`, `coverage`.",
                    "schema": {"type": "string"}
                  },
                  {
                    "name": "operation",
                    "in": "query",
                    "description": "Exactly this operation.",
                    "schema": {
                      "type": "string",
                      "enum": [
                        "list",
                        "show",
                        "details",
                        "delete",
                        "manage",
                        "unmanage",
                        "reset_status",
                        "migration_check",
                        "migration_start",
                        "migration_complete",
                        "migration_cancel",
                        "migration_get_progress",
                        "reset_task_state",
                        "other"
                      ]
                    }
                  },
                  {"name": "status", "in": "query", "description": "Exactly this status.", "schema": {"type": "string"}},
                  {"name": "actor", "in": "query", "description": "The actor's user id.", "schema": {"type": "string"}},
                  {
                    "name": "request_id",
                    "in": "query",
                    "description": "Exactly this request_id.",
                    "schema": {"type": "string"}
                  },
                  {
                    "name": "project_id",
                    "in": "query",
                    "description": "Exactly this project_id.",
                    "schema": {"type": "string"}
                  },
                  {"name": "host", "in": "query", "description": "Exactly this host.", "schema": {"type": "string"}},
                  {
                    "name": "http_status",
                    "in": "query",
                    "description": "A code, or a class such as `4xx`.",
                    "schema": {"type": "string", "pattern": "^([1-5][0-9]{2}|[1-5]xx)$"}
                  },
                  {
                    "name": "from",
                    "in": "query",
                    "description": "Occurred; inclusive.",
                    "schema": {"type": "string", "format": "date-time"}
                  },
                  {
                    "name": "until",
                    "in": "query",
                    "description": "Occurred; exclusive.",
                    "schema": {"type": "string", "format": "date-time"}
                  },
                  {
                    "name": "lane",
                    "in": "query",
                    "description": "Exactly this lane.",
                    "schema": {"type": "integer", "minimum": 0}
                  },
                  {
                    "name": "limit",
                    "in": "query",
                    "description": "Rows of a page.",
                    "schema": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100}
                  },
                  {
                    "name": "cursor",
                    "in": "query",
                    "description": "`next_cursor` of the page before.",
                    "schema": {"type": "string"}
                  }
                ],
                "responses": {
                  "200": {
                    "description": "A page, lane by lane in order of position.",
                    "content": {
                      "application/json": {
                        "schema": {
                          "type": "object",
                          "properties": {
                            "events": {"type": "array", "items": {"$ref": "#/components/schemas/Entry"}},
                            "next_cursor": {"type": ["string", "null"]},
                            "as_of": {"$ref": "#/components/schemas/AsOf"}
                          },
                          "required": ["events", "next_cursor", "as_of"]
                        }
                      }
                    },
                    "headers": {
                      "ETag": {
                        "schema": {"type": "string"},
                        "description": "Stays while the answer does, `as_of` time and lag left out."
                      },
                      "Link": {"schema": {"type": "string"}, "description": "rel=\"next\", where there is a next page."}
                    }
                  },
                  "304": {"description": "The client's copy is still right."},
                  "400": {"$ref": "#/components/responses/BadRequest"},
                  "503": {"$ref": "#/components/responses/Unavailable"}
                }
              },
              "post": {
                "summary": "Appends events, streamed. Equal events are kept once. CloudEvents' binary mode (`ce-` headers) is taken too. A body has at most 1 GiB, decompressed, and 1,000,000 events; 64 bodies are read at once, and 256 more wait for five seconds.",
                "parameters": [
                  {
                    "name": "Content-Encoding",
                    "in": "header",
                    "description": "`gzip` where the body is compressed, in any mode.",
                    "schema": {"type": "string"}
                  }
                ],
                "requestBody": {
                  "required": true,
                  "content": {
                    "application/x-ndjson": {"schema": {"type": "string"}},
                    "application/cloudevents+json": {"schema": {"$ref": "#/components/schemas/Event"}},
                    "application/cloudevents-batch+json": {"schema": {"type": "array", "items": {"$ref": "#/components/schemas/Event"}}},
                    "application/json": {
                      "schema": {
                        "anyOf": [
                          {"$ref": "#/components/schemas/Event"},
                          {"type": "array", "items": {"$ref": "#/components/schemas/Event"}}
                        ]
                      }
                    }
                  }
                },
                "responses": {
                  "200": {
                    "description": "Every event is in the log, durably.",
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/PushAnswer"}}}
                  },
                  "207": {
                    "description": "Some are; `results` says which are not.",
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/PushAnswer"}}}
                  },
                  "400": {
                    "description": "None is an event, or the request is not as it should be.",
                    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/PushProblem"}}}
                  },
                  "409": {
                    "description": "Every id was used before for other content.",
                    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/PushProblem"}}}
                  },
                  "408": {
                    "description": "Nothing came for 30 s, or the whole took longer than ten minutes to come; `settled` events of it are in the log.",
                    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/PushProblem"}}}
                  },
                  "413": {
                    "description": "Too many bytes or events for one body; `settled` events of it are in the log.",
                    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/PushProblem"}}}
                  },
                  "415": {"$ref": "#/components/responses/BadRequest"},
                  "429": {
                    "description": "Too many pushes wait; nothing of this one was read.",
                    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/PushProblem"}}},
                    "headers": {"Retry-After": {"schema": {"type": "string"}}}
                  },
                  "503": {
                    "description": "The log did not take all of it, or not within 30 s; pushing it again is safe.",
                    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/PushProblem"}}},
                    "headers": {"Retry-After": {"schema": {"type": "string"}}}
                  }
                }
              }
            },
            "/v1/events/{lane}/{position}": {
              "get": {
                "summary": "One entry.",
                "parameters": [
                  {
                    "name": "lane",
                    "in": "path",
                    "description": "Exactly this lane.",
                    "schema": {"type": "integer", "minimum": 0},
                    "required": true
                  },
                  {
                    "name": "position",
                    "in": "path",
                    "description": "Exactly this position.",
                    "schema": {"type": "integer", "minimum": 0},
                    "required": true
                  }
                ],
                "responses": {
                  "200": {
                    "description": "The entry.",
                    "content": {
                      "application/json": {
                        "schema": {
                          "type": "object",
                          "properties": {
                            "entry": {"$ref": "#/components/schemas/Entry"},
                            "as_of": {"$ref": "#/components/schemas/AsOf"}
                          },
                          "required": ["entry", "as_of"]
                        }
                      }
                    },
                    "headers": {
                      "ETag": {
                        "schema": {"type": "string"},
                        "description": "Stays while the answer does, `as_of` time and lag left out."
                      },
                      "Link": {"schema": {"type": "string"}, "description": "rel=\"next\", where there is a next page."}
                    }
                  },
                  "304": {"description": "The client's copy is still right."},
                  "400": {"$ref": "#/components/responses/BadRequest"},
                  "404": {"$ref": "#/components/responses/NotFound"},
                  "503": {"$ref": "#/components/responses/Unavailable"}
                }
              }
            },
            "/v2": {
              "get": {
                "summary": "The versions of Manila's API that there are, for its clients.",
                "responses": {
                  "200": {
                    "description": "As Manila tells them.",
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ManilaVersions"}}}
                  }
                }
              }
            },
            "/v2/share-servers": {
              "get": {
                "summary": "Manila's list.",
                "parameters": [
                  {"name": "status", "in": "query", "description": "As Manila's filter.", "schema": {"type": "string"}},
                  {"name": "host", "in": "query", "description": "As Manila's filter.", "schema": {"type": "string"}},
                  {
                    "name": "project_id",
                    "in": "query",
                    "description": "As Manila's filter.",
                    "schema": {"type": "string"}
                  },
                  {
                    "name": "share_network_id",
                    "in": "query",
                    "description": "As Manila's filter.",
                    "schema": {"type": "string"}
                  },
                  {
                    "name": "share_network",
                    "in": "query",
                    "description": "As Manila's filter.",
                    "schema": {"type": "string"}
                  },
                  {
                    "name": "identifier",
                    "in": "query",
                    "description": "As Manila's filter.",
                    "schema": {"type": "string"}
                  },
                  {
                    "name": "share_network_subnet_id",
                    "in": "query",
                    "description": "As Manila's filter.",
                    "schema": {"type": "string"}
                  },
                  {
                    "name": "X-OpenStack-Manila-API-Version",
                    "in": "header",
                    "description": "2.0 to 2.99, or `latest`; 2.0 where it is left out.",
                    "schema": {"type": "string"}
                  }
                ],
                "responses": {
                  "200": {
                    "description": "As Manila answers.",
                    "headers": {
                      "X-OpenStack-Manila-API-Version": {"schema": {"type": "string"}},
                      "x-openstack-request-id": {"schema": {"type": "string"}},
                      "Vary": {"schema": {"type": "string"}}
                    },
                    "content": {
                      "application/json": {
                        "schema": {
                          "type": "object",
                          "properties": {"share_servers": {"type": "array", "items": {"$ref": "#/components/schemas/ManilaServer"}}},
                          "required": ["share_servers"]
                        }
                      }
                    }
                  },
                  "400": {"$ref": "#/components/responses/ManilaFault"},
                  "406": {"$ref": "#/components/responses/ManilaFault"},
                  "503": {"$ref": "#/components/responses/ManilaFault"}
                }
              }
            },
            "/v2/share-servers/{id}": {
              "get": {
                "summary": "Manila's show.",
                "parameters": [
                  {
                    "name": "id",
                    "in": "path",
                    "description": "A share server's.",
                    "schema": {"type": "string", "format": "uuid"},
                    "required": true
                  },
                  {
                    "name": "X-OpenStack-Manila-API-Version",
                    "in": "header",
                    "description": "2.0 to 2.99, or `latest`; 2.0 where it is left out.",
                    "schema": {"type": "string"}
                  }
                ],
                "responses": {
                  "200": {
                    "description": "As Manila answers.",
                    "headers": {
                      "X-OpenStack-Manila-API-Version": {"schema": {"type": "string"}},
                      "x-openstack-request-id": {"schema": {"type": "string"}},
                      "Vary": {"schema": {"type": "string"}}
                    },
                    "content": {
                      "application/json": {
                        "schema": {
                          "type": "object",
                          "properties": {"share_server": {"$ref": "#/components/schemas/ManilaServer"}},
                          "required": ["share_server"]
                        }
                      }
                    }
                  },
                  "400": {"$ref": "#/components/responses/ManilaFault"},
                  "406": {"$ref": "#/components/responses/ManilaFault"},
                  "503": {"$ref": "#/components/responses/ManilaFault"},
                  "404": {"$ref": "#/components/responses/ManilaFault"}
                }
              }
            },
            "/v2/share-servers/{id}/details": {
              "get": {
                "summary": "Manila's details.",
                "parameters": [
                  {
                    "name": "id",
                    "in": "path",
                    "description": "A share server's.",
                    "schema": {"type": "string", "format": "uuid"},
                    "required": true
                  },
                  {
                    "name": "X-OpenStack-Manila-API-Version",
                    "in": "header",
                    "description": "2.0 to 2.99, or `latest`; 2.0 where it is left out.",
                    "schema": {"type": "string"}
                  }
                ],
                "responses": {
                  "200": {
                    "description": "As Manila answers.",
                    "headers": {
                      "X-OpenStack-Manila-API-Version": {"schema": {"type": "string"}},
                      "x-openstack-request-id": {"schema": {"type": "string"}},
                      "Vary": {"schema": {"type": "string"}}
                    },
                    "content": {
                      "application/json": {
                        "schema": {"type": "object", "properties": {"details": {"type": "object"}}, "required": ["details"]}
                      }
                    }
                  },
                  "400": {"$ref": "#/components/responses/ManilaFault"},
                  "406": {"$ref": "#/components/responses/ManilaFault"},
                  "503": {"$ref": "#/components/responses/ManilaFault"},
                  "404": {"$ref": "#/components/responses/ManilaFault"}
                }
              }
            },
            "/v2/{project_id}/share-servers": {
              "get": {
                "summary": "Manila's list.",
                "parameters": [
                  {
                    "name": "project_id",
                    "in": "path",
                    "description": "Any: it is not looked at.",
                    "schema": {"type": "string"},
                    "required": true
                  },
                  {"name": "status", "in": "query", "description": "As Manila's filter.", "schema": {"type": "string"}},
                  {"name": "host", "in": "query", "description": "As Manila's filter.", "schema": {"type": "string"}},
                  {
                    "name": "project_id",
                    "in": "query",
                    "description": "As Manila's filter.",
                    "schema": {"type": "string"}
                  },
                  {
                    "name": "share_network_id",
                    "in": "query",
                    "description": "As Manila's filter.",
                    "schema": {"type": "string"}
                  },
                  {
                    "name": "share_network",
                    "in": "query",
                    "description": "As Manila's filter.",
                    "schema": {"type": "string"}
                  },
                  {
                    "name": "identifier",
                    "in": "query",
                    "description": "As Manila's filter.",
                    "schema": {"type": "string"}
                  },
                  {
                    "name": "share_network_subnet_id",
                    "in": "query",
                    "description": "As Manila's filter.",
                    "schema": {"type": "string"}
                  },
                  {
                    "name": "X-OpenStack-Manila-API-Version",
                    "in": "header",
                    "description": "2.0 to 2.99, or `latest`; 2.0 where it is left out.",
                    "schema": {"type": "string"}
                  }
                ],
                "responses": {
                  "200": {
                    "description": "As Manila answers.",
                    "headers": {
                      "X-OpenStack-Manila-API-Version": {"schema": {"type": "string"}},
                      "x-openstack-request-id": {"schema": {"type": "string"}},
                      "Vary": {"schema": {"type": "string"}}
                    },
                    "content": {
                      "application/json": {
                        "schema": {
                          "type": "object",
                          "properties": {"share_servers": {"type": "array", "items": {"$ref": "#/components/schemas/ManilaServer"}}},
                          "required": ["share_servers"]
                        }
                      }
                    }
                  },
                  "400": {"$ref": "#/components/responses/ManilaFault"},
                  "406": {"$ref": "#/components/responses/ManilaFault"},
                  "503": {"$ref": "#/components/responses/ManilaFault"}
                }
              }
            },
            "/v2/{project_id}/share-servers/{id}": {
              "get": {
                "summary": "Manila's show.",
                "parameters": [
                  {
                    "name": "project_id",
                    "in": "path",
                    "description": "Any: it is not looked at.",
                    "schema": {"type": "string"},
                    "required": true
                  },
                  {
                    "name": "id",
                    "in": "path",
                    "description": "A share server's.",
                    "schema": {"type": "string", "format": "uuid"},
                    "required": true
                  },
                  {
                    "name": "X-OpenStack-Manila-API-Version",
                    "in": "header",
                    "description": "2.0 to 2.99, or `latest`; 2.0 where it is left out.",
                    "schema": {"type": "string"}
                  }
                ],
                "responses": {
                  "200": {
                    "description": "As Manila answers.",
                    "headers": {
                      "X-OpenStack-Manila-API-Version": {"schema": {"type": "string"}},
                      "x-openstack-request-id": {"schema": {"type": "string"}},
                      "Vary": {"schema": {"type": "string"}}
                    },
                    "content": {
                      "application/json": {
                        "schema": {
                          "type": "object",
                          "properties": {"share_server": {"$ref": "#/components/schemas/ManilaServer"}},
                          "required": ["share_server"]
                        }
                      }
                    }
                  },
                  "400": {"$ref": "#/components/responses/ManilaFault"},
                  "406": {"$ref": "#/components/responses/ManilaFault"},
                  "503": {"$ref": "#/components/responses/ManilaFault"},
                  "404": {"$ref": "#/components/responses/ManilaFault"}
                }
              }
            },
            "/v2/{project_id}/share-servers/{id}/details": {
              "get": {
                "summary": "Manila's details.",
                "parameters": [
                  {
                    "name": "project_id",
                    "in": "path",
                    "description": "Any: it is not looked at.",
                    "schema": {"type": "string"},
                    "required": true
                  },
                  {
                    "name": "id",
                    "in": "path",
                    "description": "A share server's.",
                    "schema": {"type": "string", "format": "uuid"},
                    "required": true
                  },
                  {
                    "name": "X-OpenStack-Manila-API-Version",
                    "in": "header",
                    "description": "2.0 to 2.99, or `latest`; 2.0 where it is left out.",
                    "schema": {"type": "string"}
                  }
                ],
                "responses": {
                  "200": {
                    "description": "As Manila answers.",
                    "headers": {
                      "X-OpenStack-Manila-API-Version": {"schema": {"type": "string"}},
                      "x-openstack-request-id": {"schema": {"type": "string"}},
                      "Vary": {"schema": {"type": "string"}}
                    },
                    "content": {
                      "application/json": {
                        "schema": {"type": "object", "properties": {"details": {"type": "object"}}, "required": ["details"]}
                      }
                    }
                  },
                  "400": {"$ref": "#/components/responses/ManilaFault"},
                  "406": {"$ref": "#/components/responses/ManilaFault"},
                  "503": {"$ref": "#/components/responses/ManilaFault"},
                  "404": {"$ref": "#/components/responses/ManilaFault"}
                }
              }
            }
          },
          "components": {
            "schemas": {
              "AsOf": {
                "type": "object",
                "properties": {
                  "positions": {
                    "type": "array",
                    "items": {
                      "type": "object",
                      "properties": {
                        "lane": {"type": "integer"},
                        "size": {"type": "integer", "description": "Entries taken into account."},
                        "root": {
                          "type": ["string", "null"],
                          "description": "base64 of the root of the tree over them; null where the log is damaged, which `dossier verify` tells more of."
                        }
                      },
                      "required": ["lane", "size", "root"]
                    }
                  },
                  "time": {"type": "string", "format": "date-time"},
                  "lag_positions": {"type": "integer"},
                  "lag_s": {"type": "number"}
                },
                "required": ["positions", "time", "lag_positions", "lag_s"],
                "description": "What the answer is true as of."
              },
              "Event": {
                "type": "object",
                "description": "A CloudEvents 1.0 event.",
                "properties": {
                  "specversion": {"const": "1.0"},
                  "id": {"type": "string", "minLength": 1},
                  "source": {"type": "string", "format": "uri-reference", "minLength": 1, "maxLength": 1024},
                  "type": {"type": "string", "minLength": 1},
                  "time": {"type": "string", "format": "date-time"},
                  "subject": {"type": "string", "minLength": 1},
                  "recordedtime": {"type": "string", "format": "date-time"},
                  "data": {}
                },
                "required": ["specversion", "id", "source", "type", "time"]
              },
              "Entry": {
                "type": "object",
                "properties": {
                  "lane": {"type": "integer"},
                  "position": {"type": "integer"},
                  "recorded": {"type": "string", "format": "date-time"},
                  "leaf_hash": {"type": "string", "description": "base64"},
                  "event": {"$ref": "#/components/schemas/Event"}
                },
                "required": ["lane", "position", "recorded", "leaf_hash", "event"]
              },
              "Server": {
                "type": "object",
                "properties": {
                  "id": {"type": "string", "format": "uuid"},
                  "lane": {"type": "integer"},
                  "status": {"type": ["string", "null"], "description": "null: named by calls only."},
                  "class": {"type": ["string", "null"]},
                  "since": {"type": ["string", "null"], "format": "date-time"},
                  "not_before": {"type": ["string", "null"], "description": "The change to the status came after this."},
                  "until": {"type": ["string", "null"], "format": "date-time"},
                  "first_seen": {"type": ["string", "null"], "format": "date-time"},
                  "last_seen": {"type": ["string", "null"], "format": "date-time"},
                  "entry": {
                    "anyOf": [
                      {
                        "type": "object",
                        "properties": {"lane": {"type": "integer"}, "position": {"type": "integer"}},
                        "required": ["lane", "position"]
                      },
                      {"type": "null"}
                    ]
                  },
                  "attributes": {"type": "object"},
                  "host": {"type": ["string", "null"]},
                  "project_id": {"type": ["string", "null"]},
                  "share_network_id": {"type": ["string", "null"]},
                  "task_state": {"type": ["string", "null"]},
                  "cause": {"$ref": "#/components/schemas/Summary"},
                  "last_call": {"$ref": "#/components/schemas/Summary"},
                  "last_error": {"$ref": "#/components/schemas/Summary"}
                },
                "required": [
                  "id",
                  "lane",
                  "status",
                  "class",
                  "since",
                  "not_before",
                  "entry",
                  "attributes",
                  "host",
                  "project_id",
                  "share_network_id",
                  "task_state",
                  "cause"
                ]
              },
              "End": {
                "type": ["object", "null"],
                "description": "How a server was first seen, or that it was seen to be gone; null where neither was.",
                "properties": {
                  "at": {"type": "string", "format": "date-time"},
                  "status": {"type": "string"},
                  "not_before": {"type": ["string", "null"], "format": "date-time"},
                  "cause": {
                    "$ref": "#/components/schemas/Summary",
                    "description": "The last accepted call before that names the server; null: none does."
                  }
                },
                "required": ["at", "status", "not_before", "cause"]
              },
              "Link": {
                "type": "object",
                "description": "One of the servers that a back-end server has been: unmanaged and managed again, it has a new id, and the former as its identifier. In the order in which they were first seen.",
                "properties": {
                  "id": {"type": "string", "format": "uuid"},
                  "lane": {"type": "integer"},
                  "first_seen": {"type": ["string", "null"], "format": "date-time"},
                  "gone": {"type": ["string", "null"], "format": "date-time"}
                },
                "required": ["id", "lane", "first_seen", "gone"]
              },
              "Summary": {
                "type": ["object", "null"],
                "description": "An entry that is referred to.",
                "properties": {
                  "lane": {"type": "integer"},
                  "position": {"type": "integer"},
                  "at": {"type": "string", "format": "date-time"},
                  "type": {"type": "string"},
                  "operation": {"type": "string"},
                  "status": {"type": "string"},
                  "http_status": {"type": "integer"},
                  "request_id": {"type": "string"},
                  "actor": {"type": "object"},
                  "fault": {"type": "object"}
                }
              },
              "Visit": {
                "type": "object",
                "properties": {
                  "status": {"type": "string"},
                  "class": {"type": "string"},
                  "from": {"type": "string", "format": "date-time"},
                  "until": {"type": ["string", "null"], "format": "date-time"},
                  "not_before": {"type": ["string", "null"], "format": "date-time"},
                  "duration_s": {"type": ["number", "null"]},
                  "entry": {
                    "type": "object",
                    "properties": {"lane": {"type": "integer"}, "position": {"type": "integer"}},
                    "required": ["lane", "position"]
                  },
                  "cause": {
                    "anyOf": [
                      {
                        "type": "object",
                        "properties": {"lane": {"type": "integer"}, "position": {"type": "integer"}},
                        "required": ["lane", "position"]
                      },
                      {"type": "null"}
                    ]
                  }
                },
                "required": ["status", "class", "from", "until", "not_before", "duration_s", "entry", "cause"]
              },
              "TimelineItem": {
                "type": "object",
                "properties": {
                  "at": {"type": "string", "format": "date-time"},
                  "kind": {"enum": ["status", "call", "backend_details", "other"]},
                  "lane": {"type": "integer"},
                  "position": {"type": "integer"},
                  "recorded": {"type": "string", "format": "date-time"},
                  "event": {"$ref": "#/components/schemas/Event"},
                  "told_again": {
                    "type": "array",
                    "description": "What other sources tell of the same call, by its request id, in order of time.",
                    "items": {
                      "type": "object",
                      "properties": {
                        "lane": {"type": "integer"},
                        "position": {"type": "integer"},
                        "source": {"type": "string"},
                        "at": {"type": "string", "format": "date-time"},
                        "operation": {"type": "string"},
                        "http_status": {"type": "integer"},
                        "outcome": {"type": "string"},
                        "actor": {"type": "object"}
                      },
                      "required": ["lane", "position", "source", "at"]
                    }
                  }
                },
                "required": ["at", "kind", "lane", "position", "recorded", "event"]
              },
              "PushAnswer": {
                "type": "object",
                "properties": {
                  "accepted": {"type": "integer", "description": "Appended."},
                  "known": {"type": "integer", "description": "In the log before."},
                  "conflicts": {"type": "integer"},
                  "rejected": {"type": "integer"},
                  "results": {
                    "type": "array",
                    "description": "Each of the first 10,000 events; beyond them conflicts and rejected ones, up to 20,000 in all.",
                    "items": {
                      "type": "object",
                      "properties": {
                        "index": {"type": "integer"},
                        "outcome": {"enum": ["appended", "known", "conflict", "rejected"]},
                        "lane": {"type": "integer"},
                        "position": {"type": "integer"},
                        "error": {
                          "type": "object",
                          "properties": {"field": {"type": "string"}, "reason": {"type": "string"}, "line": {"type": "integer"}},
                          "required": ["reason"]
                        }
                      },
                      "required": ["index", "outcome"]
                    }
                  }
                },
                "required": ["accepted", "known", "conflicts", "rejected", "results"]
              },
              "PushProblem": {
                "type": "object",
                "description": "A problem; where the body was read, with what became of each event as in PushAnswer.",
                "properties": {
                  "type": {"type": "string"},
                  "title": {"type": "string"},
                  "status": {"type": "integer"},
                  "detail": {"type": "string"},
                  "parameter": {"type": "string"},
                  "settled": {"type": "integer", "description": "Events that are in the log all the same."},
                  "accepted": {"type": "integer"},
                  "known": {"type": "integer"},
                  "conflicts": {"type": "integer"},
                  "rejected": {"type": "integer"},
                  "results": {"$ref": "#/components/schemas/PushAnswer/properties/results"}
                },
                "required": ["type", "title", "status", "detail"]
              },
              "ManilaVersions": {
                "type": "object",
                "properties": {
                  "name": {"type": "string"},
                  "description": {"type": "string"},
                  "openapi": {"type": "string"},
                  "routes": {"type": "array", "items": {"type": "string"}},
                  "versions": {
                    "type": "array",
                    "items": {
                      "type": "object",
                      "properties": {
                        "id": {"type": "string"},
                        "status": {"type": "string"},
                        "version": {"type": "string"},
                        "min_version": {"type": "string"},
                        "updated": {"type": "string"},
                        "links": {"type": "array", "items": {"type": "object", "additionalProperties": {"type": "string"}}},
                        "media-types": {"type": "array", "items": {"type": "object", "additionalProperties": {"type": "string"}}}
                      },
                      "required": ["id", "status", "version", "min_version"]
                    }
                  }
                },
                "required": ["versions"]
              },
              "ManilaServer": {
                "type": "object",
                "properties": {
                  "id": {"type": "string", "format": "uuid"},
                  "project_id": {"type": ["string", "null"]},
                  "updated_at": {"type": ["string", "null"]},
                  "status": {"type": "string"},
                  "host": {"type": ["string", "null"]},
                  "share_network_name": {"type": ["string", "null"]},
                  "share_network_id": {"type": ["string", "null"]},
                  "is_auto_deletable": {"type": ["boolean", "null"], "description": "Since 2.49."},
                  "identifier": {"type": ["string", "null"]},
                  "share_network_subnet_id": {"type": ["string", "null"], "description": "2.51 to 2.69."},
                  "task_state": {"type": ["string", "null"]},
                  "source_share_server_id": {"type": ["string", "null"]},
                  "security_service_update_support": {"type": ["boolean", "null"]},
                  "network_allocation_update_support": {"type": ["boolean", "null"]},
                  "share_network_subnet_ids": {"type": "array", "items": {"type": "string"}},
                  "encryption_key_ref": {"type": ["string", "null"]},
                  "created_at": {"type": ["string", "null"]},
                  "backend_details": {"type": "object"}
                },
                "required": ["id", "project_id", "updated_at", "status", "host", "share_network_name", "share_network_id"],
                "description": "A share server in Manila's shape; fields by microversion."
              },
              "Problem": {
                "type": "object",
                "description": "RFC 9457.",
                "properties": {
                  "type": {"type": "string"},
                  "title": {"type": "string"},
                  "status": {"type": "integer"},
                  "detail": {"type": "string"},
                  "request_id": {
                    "type": "string",
                    "description": "The request's `X-Request-Id`: the one that it brought, or a new one. Every answer has it as a header, and the service's log in every line about the request."
                  },
                  "parameter": {"type": "string"},
                  "role": {"type": "string"},
                  "as_of": {"$ref": "#/components/schemas/AsOf"}
                },
                "required": ["type", "title", "status", "detail"]
              }
            },
            "responses": {
              "BadRequest": {
                "description": "Something in the request is not as it should be.",
                "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
              },
              "NotFound": {
                "description": "There is no such thing.",
                "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
              },
              "Unavailable": {
                "description": "The database is away, slow or not migrated; try again.",
                "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
                "headers": {"Retry-After": {"schema": {"type": "string"}}}
              },
              "ManilaFault": {
                "description": "As Manila's faults.",
                "content": {
                  "application/json": {
                    "schema": {
                      "type": "object",
                      "additionalProperties": {
                        "type": "object",
                        "properties": {"code": {"type": "integer"}, "message": {"type": "string"}},
                        "required": ["code", "message"]
                      }
                    }
                  }
                }
              }
            }
          }
        }
        """#
}
